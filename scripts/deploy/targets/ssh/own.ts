/**
 * What instances of a release have besides their places: the settings that are theirs alone.
 *
 * Invariant: when one instance of a program has some, all are named, as a release names them. Pure.
 *
 * @module
 */

import type { ReleaseSettings } from "../../release.ts";
import { type Place, placeSettings } from "./places.ts";

/** `read`: all that each instance has for itself; `undefined`: the release was not brought to it. */
export function ownIn(
  read: readonly (readonly [Place, Record<string, string> | undefined])[],
): Pick<ReleaseSettings, "own"> {
  const own = read.flatMap(([place, settings]) => {
    if (!settings) return [];
    const besides = Object.entries(settings).filter(([name]) => !(name in placeSettings(place)));
    return [{ ...place, besides }];
  });
  const kinds = new Set(own.flatMap(({ kind, besides }) => besides.length > 0 ? [kind] : []));
  if (kinds.size === 0) return {};
  const named = own.filter(({ kind }) => kinds.has(kind));
  return { own: Object.fromEntries(named.map((one) => [one.id, Object.fromEntries(one.besides)])) };
}
