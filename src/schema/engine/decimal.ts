/** A decimal: `digits` times ten to the `exponent`. */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** Whether a number is a whole multiple of another, both taken for the shortest decimals that are read as them. */
export function isMultiple(value: number, divisor: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  const left = decimal(value);
  const right = decimal(divisor);
  if (left.digits === 0n) return true;
  const shift = left.exponent - right.exponent;
  if (shift >= 0) return (left.digits * powerOfTen(shift, right.digits)) % right.digits === 0n;
  // No number has as many digits as would have to be zeros.
  return -shift <= 20 && left.digits % (right.digits * 10n ** BigInt(-shift)) === 0n;
}

function decimal(value: number): Decimal {
  const [digits = "0", exponent = "0"] = value.toExponential().split("e");
  const [whole = "0", fraction = ""] = digits.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

/** Modulo the divisor: exponents go up to some six hundred. */
function powerOfTen(exponent: number, modulus: bigint): bigint {
  let result = 1n;
  let base = 10n % modulus;
  for (let left = exponent; left > 0; left >>= 1) {
    if (left % 2 === 1) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}
