"""The table of the sweep over all provinces and 兵团, made from the product's lists of areas and of institutions."""

import csv
import io

from simulator.benefit.city_file import NATIONAL
from simulator.catalogue.institutions import Institution
from simulator.people.areas import area_name, cities, provinces
from simulator.platform import load_defaults

FILE = "scenarios/tables/areas.table.csv"
_COLUMNS = ("row", "name", "name_en", "insured", "treating", "hospital")
_ENGLISH = {
    "11": "Beijing",
    "12": "Tianjin",
    "13": "Hebei",
    "14": "Shanxi",
    "15": "Inner Mongolia",
    "21": "Liaoning",
    "22": "Jilin",
    "23": "Heilongjiang",
    "31": "Shanghai",
    "32": "Jiangsu",
    "33": "Zhejiang",
    "34": "Anhui",
    "35": "Fujian",
    "36": "Jiangxi",
    "37": "Shandong",
    "41": "Henan",
    "42": "Hubei",
    "43": "Hunan",
    "44": "Guangdong",
    "45": "Guangxi",
    "46": "Hainan",
    "50": "Chongqing",
    "51": "Sichuan",
    "52": "Guizhou",
    "53": "Yunnan",
    "54": "Tibet",
    "61": "Shaanxi",
    "62": "Gansu",
    "63": "Qinghai",
    "64": "Ningxia",
    "65": "Xinjiang",
    "66": "Xinjiang Corps",
}


def table() -> str:
    """A row for each province: an area without a city file of its own, an institution for every disease, its area."""
    books = load_defaults("")
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for province in provinces():
        hospital = next(each for each in books.institutions.all() if _treats_everything(each, province))
        candidates = (hospital.area, *(area for area in cities() if area[:2] == province[:2]))
        insured = next(area for area in candidates if books.policies.city(area).file.area == NATIONAL)
        name, name_en = area_name(province), _ENGLISH[province[:2]]
        rows.writerow((province, name, name_en, insured, hospital.area, hospital.code))
    return written.getvalue()


def _treats_everything(institution: Institution, province: str) -> bool:
    return institution.area[:2] == province[:2] and institution.open and not institution.diseases
