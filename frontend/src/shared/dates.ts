/** Calendar dates as text, "2025-10-09", without a zone. */

const DATE = /^\d{4}-\d{2}-\d{2}$/;
export const DAY_MS = 86_400_000;

/** Midnight UTC of a date, epoch milliseconds; NaN for what is no date. */
export function dateMs(date: string): number {
  return DATE.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
}

export function isDate(text: string): boolean {
  const ms = dateMs(text);
  return !Number.isNaN(ms) && isoDate(ms) === text;
}

/** The UTC date of an instant. */
export function isoDate(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function isWeekend(ms: number): boolean {
  return [0, 6].includes(new Date(ms).getUTCDay());
}

/** The weekday before (-1) or after (+1) a date. */
export function stepWeekday(date: string, step: 1 | -1): string {
  let ms = dateMs(date) + step * DAY_MS;
  while (isWeekend(ms)) ms += step * DAY_MS;
  return isoDate(ms);
}

/** The same day so many months later; the month's last where it has no such day. */
export function addMonths(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return isoDate(Date.UTC(year, month - 1 + months, Math.min(day, last)));
}

/** The weekdays from one date to another, both of them too. */
export function weekdays(first: string, last: string): readonly string[] {
  const found: string[] = [];
  for (let ms = dateMs(first); ms <= dateMs(last); ms += DAY_MS) if (!isWeekend(ms)) found.push(isoDate(ms));
  return found;
}
