/**
 * The metrics of a running program, as a monitoring system would read them.
 *
 * @module
 */

/** The sum of all samples of that name whose labels hold these. */
export async function readMetric(
  internal: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const response = await fetch(`${internal}/metrics`);
  let sum = 0;
  for (const line of (await response.text()).split("\n")) {
    const [, found, given = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const fits = Object.entries(labels).every(([key, text]) => given.includes(`${key}="${text}"`));
    if (found === name && fits) sum += Number(value);
  }
  return sum;
}
