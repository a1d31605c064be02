"""Query of institutions, which the platform answers by itself (1201)."""

from simulator.catalogue import Institution
from simulator.core.errors import refuse
from simulator.core.texts import text
from simulator.insured.place import Body, Output
from simulator.sandbox.configuration import Config
from simulator.transactions.registry import Call, Kept, transaction


@transaction("1201")
def query_institution(body: Body, call: Call) -> Kept:
    """Answers the institution of a code, else the first whose name contains the words; in lenient the sender (1201)."""
    data = body["medinsinfo"]
    code, words = data.get("fixmedins_code") or "", data.get("fixmedins_name") or ""
    if not code and not words:
        code = call.institution.code
        call.refuse_in_strict(
            refuse("institution_name_or_code", path="/input/medinsinfo/fixmedins_code"),
            taken=text("finding.own_institution", code=code),
        )
    if code:
        found = call.config.institutions.get(code)
    else:
        found = next((each for each in call.config.institutions.all() if words in each.name), None)
    if found is None:
        raise refuse("institution_unknown", path="medinsinfo", code=code or words)
    return Kept({"medinsinfo": institution_fields(call.config, found)})


def institution_fields(config: Config, found: Institution) -> Output:
    """Returns the fields of an institution in 1201 and in messages of the settlement family."""
    edition = config.contract.edition
    return {
        "fixmedins_code": found.code,
        "fixmedins_name": found.name,
        "uscc": found.uscc,
        "fixmedins_type": edition.code("fixmedins_type", found.kind),
        "hosp_lv": edition.code("hosp_lv", found.level),
    }
