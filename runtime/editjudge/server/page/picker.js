// Where pictures are dropped, chosen and pasted.

import { make, showName } from "./dom.js";

/** A picture that was handed in. Its address stays good as long as the page is open: results show it as well. */
export class Picture {
  constructor(file) {
    this.file = file;
    this.name = file.name || "picture";
    this.url = URL.createObjectURL(file);
    this.size = measure(this.url);
  }
}

/** Its width and height in pixels, upright; null where the browser cannot show it, though the service may read it. */
async function measure(url) {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch {
    return null;
  }
  return { width: image.naturalWidth, height: image.naturalHeight };
}

/** One place for pictures. `changed` is called whenever others were chosen. */
export class Picker {
  constructor(root, changed) {
    this.root = root;
    this.input = root.querySelector("input");
    this.list = root.querySelector(".chosen");
    this.changed = changed;
    this.pictures = [];
    this.input.addEventListener("change", () => {
      this.add(this.input.files);
      this.input.value = ""; // so that the same file may be chosen again
    });
    root.addEventListener("dragenter", () => root.classList.add("over"));
    root.addEventListener("dragover", () => root.classList.add("over"));
    root.addEventListener("dragleave", (event) => {
      if (!root.contains(event.relatedTarget)) root.classList.remove("over");
    });
    root.addEventListener("drop", () => root.classList.remove("over"));
  }

  /** Takes files: several beside those that are there already, or the one in the place of the other. */
  add(files) {
    const added = Array.from(files, (file) => new Picture(file));
    if (!added.length) return;
    this.#set(this.input.multiple ? [...this.pictures, ...added] : added.slice(0, 1));
  }

  clear() {
    this.#set([]);
  }

  #set(pictures) {
    this.pictures = pictures;
    this.list.replaceChildren(...pictures.map((picture) => this.#show(picture)));
    this.root.classList.toggle("full", pictures.length > 0);
    this.root.classList.toggle("several", pictures.length > 1);
    this.changed();
  }

  #show(picture) {
    const detail = make("small.quiet");
    const image = make("img", { src: picture.url, alt: "" });
    const remove = make("button.remove", { type: "button", "aria-label": `Remove ${picture.name}` }, "×");
    remove.addEventListener("click", () => this.#remove(picture));
    picture.size.then((size) => {
      detail.textContent = size ? `${size.width} × ${size.height}` : "the browser cannot show it";
      image.hidden = !size;
    });
    return make("li", {}, image, make("span.named", {}, showName(picture.name), detail), remove);
  }

  /** Takes one away; the focus goes to the next one's button, or to where another can be chosen. */
  #remove(picture) {
    const place = this.pictures.indexOf(picture);
    this.#set(this.pictures.filter((other) => other !== picture));
    const buttons = this.list.querySelectorAll(".remove");
    (buttons[Math.min(place, buttons.length - 1)] ?? this.input).focus();
  }
}

/**
 * Takes what is dropped anywhere, or pasted. What is for no picker goes where a picture is missing: first to the
 * original, then to the edited ones.
 */
export function takePictures(original, edited, complain) {
  const take = (files, target) => {
    const list = Array.from(files);
    if (target?.closest?.("#edited")) return edited.add(list);
    if (target?.closest?.("#original")) return original.add(list);
    if (!original.pictures.length) original.add(list.splice(0, 1));
    edited.add(list);
  };
  const isText = (event) => event.target.matches?.("textarea") && !event.dataTransfer.types.includes("Files");
  document.addEventListener("dragover", (event) => isText(event) || event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (isText(event)) return;
    event.preventDefault(); // or the browser would leave the page for the picture
    if (event.dataTransfer.files.length) take(event.dataTransfer.files, event.target);
    else complain("drop the file of a picture; addresses are not fetched");
  });
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData.files;
    if (!files.length) return; // a text, which goes where the cursor is
    event.preventDefault();
    take(files, event.target);
  });
}
