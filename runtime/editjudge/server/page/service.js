// What is asked of the service, and what it answers.

const UNREACHABLE = "the service cannot be reached; see whether it runs, and whether the pictures are too large for it";
const LONGEST_WAIT = 60; // seconds, whatever Retry-After says

let token = ""; // kept here alone: it is gone with the page

/** Why the service gave no answer. status: 0 where it was not reached; retryAfter: seconds, null: there is no use. */
export class ServiceError extends Error {
  constructor(message, status = 0, retryAfter = null) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export function useToken(text) {
  token = text.trim();
}

/**
 * Sends a form.
 *
 * @param {string} route Relative to the page, so that a proxy may put the service below a path of its own.
 * @param {FormData} form What is sent.
 * @param {AbortSignal} signal Ends it.
 * @param {string} type What is asked for: JSON comes back read, anything else as a Blob.
 * @throws {ServiceError} with a sentence for the reader; and what `signal` was ended with.
 */
export async function ask(route, form, signal, type = "application/json") {
  if (/[^\x21-\x7e]/.test(token)) throw new ServiceError("a token has no spaces and no letters beyond ASCII", 401);
  const headers = { Accept: type, ...(token && { Authorization: `Bearer ${token}` }) };
  try {
    const response = await fetch(route, { method: "POST", body: form, headers, signal });
    if (!response.ok) throw await readError(response);
    return type === "application/json" ? await response.json() : await response.blob();
  } catch (error) {
    if (error instanceof ServiceError || signal.aborted) throw error;
    throw new ServiceError(UNREACHABLE);
  }
}

/** What the service says of itself: `status`, and with it `bundle` and `version` once it is ready. */
export async function askHealth() {
  try {
    const response = await fetch("health", { cache: "no-store" });
    return await response.json();
  } catch {
    return { status: "unreachable" };
  }
}

/** The words in which results are told: what flags and kinds mean. */
export async function loadWords() {
  const response = await fetch("page/words.json");
  if (!response.ok) throw await readError(response);
  return response.json();
}

async function readError(response) {
  let message = `the service answered ${response.status}`;
  try {
    message = (await response.json()).error.message;
  } catch {
    // not one of its own answers: a proxy's, say
  }
  return new ServiceError(message, response.status, readWait(response));
}

/** Seconds until it may be worth asking again; null: this request is answered for good. */
function readWait(response) {
  if (response.status !== 429 && response.status !== 503) return null;
  const seconds = Number(response.headers.get("Retry-After"));
  return Math.min(Math.max(seconds || 1, 1), LONGEST_WAIT);
}
