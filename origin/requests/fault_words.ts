/**
 * What a schema found wrong, in words that name the field.
 *
 * Invariant: every answer to bad data says which field it is about. Pure.
 *
 * @module
 */

export interface SchemaFault {
  keyword: string;
  instancePath: string;
  message: string;
  params: object;
}

/** E.g. `to.user is missing`, `limit must be <= 200`, `from is not known`. */
export function wordsOf(fault: SchemaFault | undefined): string {
  if (!fault) return "data does not fit";
  const path = fault.instancePath.split("/").slice(1);
  const { requiredProperties: [missing] = [] } = fault.params as { requiredProperties?: string[] };
  if (missing !== undefined) return `${[...path, missing].join(".")} is missing`;
  const field = path.join(".") || "data";
  // An object that is closed refuses any further field by the schema `false`.
  return fault.keyword === "boolean" ? `${field} is not known` : `${field} ${fault.message}`;
}
