"""A generator that knows the exported OpenAPI document alone: no answer is a 500, and each keeps the document."""

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import CoveragePhaseConfig, PhasesConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from simulator.contract import contract_of
from simulator.contract.export import openapi_of
from simulator.transactions import HANDLERS

EXAMPLES = 2


def described() -> schemathesis.BaseSchema:
    """What the platform handles, as the document that everybody can export tells it."""
    document = openapi_of(contract_of("national"), remote=False)
    document["paths"] = {path: item for path, item in document["paths"].items() if path.rsplit("/")[-1] in HANDLERS}
    # One message for every value that the schema names would take minutes; near-misses are tested on their own.
    phases = PhasesConfig(coverage=CoveragePhaseConfig(enabled=False))
    config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(phases=phases)))
    return schemathesis.openapi.from_dict(document, config=config)


schema = described()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_messages_made_from_the_document_are_answered_by_the_document(case, shared_app):
    answer = case.call(app=shared_app)
    checks = (not_a_server_error, status_code_conformance, response_schema_conformance)
    case.validate_response(answer, checks=checks)
