// Keywords of these schemas for ajv: x-decimals says how many decimals a number may have (`multipleOf` refuses true
// amounts on binary floats); x-code-table names the code table and checks nothing.
export default function addKeywords(ajv) {
  ajv.addKeyword({
    keyword: "x-decimals",
    type: "number",
    schemaType: "number",
    validate: (allowed, value) => decimals(value) <= allowed,
  });
  ajv.addKeyword({ keyword: "x-code-table", schemaType: "string" });
  return ajv;
}

export function decimals(value) {
  const [digits, exponent] = String(value).split("e");
  const point = digits.indexOf(".");
  return Math.max(0, (point < 0 ? 0 : digits.length - point - 1) - Number(exponent ?? 0));
}
