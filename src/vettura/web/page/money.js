/** Money and prices in words for people. */

import { number } from "/words.js";

const MINOR = { EUR: "ct", GBP: "p", USD: "¢", CHF: "Rp", DKK: "øre", SEK: "öre", NOK: "øre" };

/** A price for each kWh, in hundredths where people count so, such as "23.5 ct". */
export function perKwh(price, currency) {
  const minor = MINOR[currency];
  return minor ? `${number(price * 100, 1)}\u00a0${minor}` : money(price, currency, 3);
}

/** An amount of money, such as "€4.20". */
export function money(amount, currency, digits = 2) {
  if (!Number.isFinite(amount)) return "–";
  try {
    return new Intl.NumberFormat("en-GB", {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    })
      .format(amount)
      .replace("-", "−");
  } catch {
    return `${number(amount, digits)}\u00a0${currency}`;
  }
}
