// The flags of a result.

import { make } from "./dom.js";

/** Each with what it means; null where there is none. */
export function listFlags(names, words) {
  if (!names.length) return null;
  return make("ul.flags", {}, names.map((name) => make("li", {}, showFlag(name, words), ` ${words.flags[name]?.meaning ?? ""}`)));
}

export function showFlag(name, words) {
  const flag = make("span.flag", {}, words.flags[name]?.label ?? name.replaceAll("_", " "));
  flag.classList.toggle("note", words.flags[name]?.note ?? false);
  return flag;
}
