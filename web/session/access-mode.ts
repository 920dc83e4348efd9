/** Whether the gateway asks for tokens: it says so in the page that it serves. Undefined: another server served it. */
export function accessMode(): "open" | "token" | undefined {
  const content = document.querySelector('meta[name="strata-access"]')?.getAttribute("content");
  return content === "open" || content === "token" ? content : undefined;
}
