/** Words for instants and spans: clocks of other zones, countdowns, dates. */

const SECOND = 1000;
const DAY_SECONDS = 86_400;

const two = (n: number): string => String(n).padStart(2, '0');

/** Time left, rounded up to whole seconds, so that it ends at zero and not a second before: "02:13:05", "2d 02:13:05". */
export function formatCountdown(leftMs: number): string {
  const left = Math.max(Math.ceil(leftMs / SECOND), 0);
  const days = Math.floor(left / DAY_SECONDS);
  const clock = [Math.floor((left % DAY_SECONDS) / 3600), Math.floor((left % 3600) / 60), left % 60].map(two).join(':');
  return days > 0 ? `${days}d ${clock}` : clock;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format costs more than using it a thousand times. */
function partsIn(zone: string, ms: number): Readonly<Record<string, string>> {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
}

/** Time of day on the clocks of a zone (IANA name): "09:03:12". */
export function timeIn(zone: string, ms: number): string {
  const { hour, minute, second } = partsIn(zone, ms);
  return `${hour}:${minute}:${second}`;
}

/** Day of the week there: "Mon". */
export function weekdayIn(zone: string, ms: number): string {
  return partsIn(zone, ms).weekday ?? '';
}

/** "9 Oct 2025". */
export function dateIn(zone: string, ms: number): string {
  const { day, month, year } = partsIn(zone, ms);
  return `${day} ${month} ${year}`;
}

/** An instant as seen from `nowMs` on the same clocks: "15:30" today, "Mon 09:00" within six days, else "23 Nov 09:00". */
export function instantIn(zone: string, ms: number, nowMs: number): string {
  const { hour, minute, weekday, day, month } = partsIn(zone, ms);
  const time = `${hour}:${minute}`;
  if (dateIn(zone, ms) === dateIn(zone, nowMs)) return time;
  return Math.abs(ms - nowMs) < 6 * DAY_SECONDS * SECOND ? `${weekday} ${time}` : `${day} ${month} ${time}`;
}

const zoneNames = new Map<string, Intl.DateTimeFormat>();

/** What the clocks of a zone are called at an instant: "CST", "CDT", "UTC"; an offset where they have no name. */
export function zoneName(zone: string, ms: number): string {
  let format = zoneNames.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' });
    zoneNames.set(zone, format);
  }
  return format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? zone;
}
