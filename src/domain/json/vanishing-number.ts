/**
 * Whether a JSON text holds a number too small for a double, though it is not 0: it is parsed as 0, and once it is
 * parsed, nobody can tell.
 */
export function hasVanishingNumber(text: string): boolean {
  if (!/[eE]-\d{3}|0{200}/.test(text)) return false;
  const outsideStrings = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  for (const [number] of outsideStrings.matchAll(/\d[\d.]*(?:[eE][+-]?\d+)?/g))
    if (Number(number) === 0 && /^[^eE]*[1-9]/.test(number)) return true;
  return false;
}
