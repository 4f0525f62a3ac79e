/**
 * The files of the operator's page, as they lie in `assets/`.
 *
 * Invariant: they are part of the program, so that it needs no permission to read them.
 *
 * @module
 */

import icon from "./assets/icon.svg" with { type: "text" };
import act from "./assets/act.js" with { type: "text" };
import ask from "./assets/ask.js" with { type: "text" };
import become from "./assets/become.js" with { type: "text" };
import key from "./assets/key.js" with { type: "text" };
import live from "./assets/live.js" with { type: "text" };
import look_up from "./assets/look_up.js" with { type: "text" };
import page from "./assets/page.js" with { type: "text" };
import baseStyle from "./assets/base.css" with { type: "text" };
import narrowStyle from "./assets/narrow.css" with { type: "text" };
import pageStyle from "./assets/page.css" with { type: "text" };
import tablesStyle from "./assets/tables.css" with { type: "text" };

/** In the order in which they are applied. */
export const STYLES = ["base.css", "page.css", "tables.css", "narrow.css"];

const TYPES = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

export interface Asset {
  name: string;
  type: string;
  text: string;
}

export const ASSETS: readonly Asset[] = [
  asset("icon.svg", icon),
  asset("page.js", page),
  asset("act.js", act),
  asset("ask.js", ask),
  asset("become.js", become),
  asset("key.js", key),
  asset("live.js", live),
  asset("look_up.js", look_up),
  asset("base.css", baseStyle),
  asset("page.css", pageStyle),
  asset("tables.css", tablesStyle),
  asset("narrow.css", narrowStyle),
];

function asset(name: string, text: string): Asset {
  return { name, text, type: TYPES[name.split(".")[1] as keyof typeof TYPES] };
}
