/** What every input that writes says of its note. */
export const NOTE =
  "Why, for people: it goes into the history, and into `lastChange` of what is written. At most 500 characters, in one line.";
