/** Characters that the name of an account, or of who writes, may have. */
const NAME_LIMIT = 256;

/** What is wrong with a text as an account's name; undefined: nothing. */
export function accountNameTrouble(name: string): string | undefined {
  return name.trim() === "" ? "is empty" : subjectTrouble(name);
}

/** What is wrong with a text as the name of who is calling, which goes into history; undefined: nothing. */
export function subjectTrouble(subject: string): string | undefined {
  if (subject === "") return "is empty";
  if (subject.length > NAME_LIMIT) return `is longer than ${NAME_LIMIT} characters`;
  const isText = subject.isWellFormed() && !/\p{Cc}/u.test(subject);
  return isText ? undefined : "holds control characters or is not well-formed text";
}
