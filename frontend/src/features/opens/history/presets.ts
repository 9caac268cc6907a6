/** Spans of dates that are asked for often. */

const DAY_MS = 86_400_000;

export interface Preset {
  readonly name: string;
  /** The first date, "2025-10-06"; they all last until now. */
  readonly from: string;
}

/** `nowMs`: the present of what is shown. The week begins on Monday; dates are those of UTC. */
export function presetsAt(nowMs: number): readonly Preset[] {
  const date = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const sinceMonday = (new Date(nowMs).getUTCDay() + 6) % 7;
  return [
    { name: 'This week', from: date(nowMs - sinceMonday * DAY_MS) },
    { name: '30 days', from: date(nowMs - 30 * DAY_MS) },
    { name: '90 days', from: date(nowMs - 90 * DAY_MS) },
    { name: 'This year', from: `${date(nowMs).slice(0, 4)}-01-01` },
  ];
}
