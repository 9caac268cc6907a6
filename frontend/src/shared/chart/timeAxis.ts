/** Words of the time axis. The chart's times are wall clock already, so they are read as UTC. */

import { TickMarkType, type Time } from 'lightweight-charts';

type Style = Intl.DateTimeFormatOptions;
const format = (style: Style) => new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hourCycle: 'h23', ...style });

const clock = format({ hour: '2-digit', minute: '2-digit' });
const seconds = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = format({ day: 'numeric', month: 'short' });
const month = format({ month: 'short' });
const year = format({ year: 'numeric' });
const WHOLE_DAY: Style = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' };
const MOMENT: Style = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' };

const MARKS: Readonly<Record<TickMarkType, Intl.DateTimeFormat>> = {
  [TickMarkType.Year]: year,
  [TickMarkType.Month]: month,
  [TickMarkType.DayOfMonth]: day,
  [TickMarkType.Time]: clock,
  [TickMarkType.TimeWithSeconds]: seconds,
};

export function tickMark(time: Time, kind: TickMarkType): string {
  return MARKS[kind].format((time as number) * 1000);
}

/** What bars span: it says how much of a time is worth saying. */
export type Grain = 'second' | 'minute' | 'day';

/** Words for the time under the crosshair. */
export function timeWords(grain: Grain): (time: Time) => string {
  const style = grain === 'day' ? WHOLE_DAY : grain === 'second' ? { ...MOMENT, second: '2-digit' as const } : MOMENT;
  const words = format(style);
  return (time) => words.format((time as number) * 1000);
}
