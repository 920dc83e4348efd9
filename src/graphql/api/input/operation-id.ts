/** What `operationId` is, in every input that has it. */
export const OPERATION_ID =
  "Your own name for this write, so that you can send it again when its answer was lost: 1 to 128 printable ASCII characters, e.g. a UUID. The same name with the same input writes nothing for a day, and answers with what was done; with another input it is BAD_USER_INPUT. Only commits are remembered: what is refused, changes nothing, or is a dry run may be sent again under the same name.";
