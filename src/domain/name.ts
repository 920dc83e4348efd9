/** Characters that the name of an account, or of who writes, may have. */
const NAME_LIMIT = 256;

/** What is wrong with a text as an account's name; undefined: nothing. */
export function accountNameTrouble(name: string): string | undefined {
  return storedNameTrouble(name) ?? shownTrouble(name);
}

/** The same for a name that is stored already: once, names could hold characters that nobody sees. */
export function storedNameTrouble(name: string): string | undefined {
  return name.trim() === "" ? "is empty" : subjectTrouble(name);
}

/** Characters of a note. */
export const NOTE_LIMIT = 500;

/** What is wrong with a text as the note of a write; undefined: nothing. */
export function noteTrouble(note: string): string | undefined {
  return storedNoteTrouble(note) ?? shownTrouble(note);
}

/** The same for a note that is stored already. */
export function storedNoteTrouble(note: string): string | undefined {
  if ([...note].length > NOTE_LIMIT) return `is longer than ${NOTE_LIMIT} characters`;
  return textTrouble(note);
}

/** What is wrong with a text as the name of who is calling, which goes into history; undefined: nothing. */
export function subjectTrouble(subject: string): string | undefined {
  if (subject === "") return "is empty";
  if (subject.length > NAME_LIMIT) return `is longer than ${NAME_LIMIT} characters`;
  return textTrouble(subject);
}

/**
 * Characters that people do not see, or that change what they see around them: separators of lines, overrides of the writing
 * direction, spaces without a width, tags. Joiners (U+200C, U+200D) belong to the letters of some scripts, and to emoji.
 */
const UNSEEN = /[\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/u;

/** What is wrong with a text that people are shown beside others; undefined: nothing. */
function shownTrouble(text: string): string | undefined {
  const [found] = UNSEEN.exec(text) ?? [];
  if (found === undefined) return undefined;
  const code = found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
  return `holds a character that nobody sees, U+${code}`;
}

function textTrouble(text: string): string | undefined {
  const isText = text.isWellFormed() && !/\p{Cc}/u.test(text);
  return isText ? undefined : "holds control characters or is not well-formed text";
}
