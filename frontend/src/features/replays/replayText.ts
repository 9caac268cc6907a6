/** Words for a replay. */

import type { Replay } from '@/api/markets';
import { dateIn, timeIn } from '@/shared/clockText';

/** "at x1000", "as fast as it goes". */
export function speedText(speed: number | null): string {
  return speed === null ? 'as fast as it goes' : `at x${speed}`;
}

/** How much of the recording was played, 0 to 1: by rows, or by time where there are none. */
export function progressOf(replay: Replay, presentMs: number): number {
  if (replay.state === 'ended') return 1;
  if (replay.rows > 0) return Math.min(replay.rows_done / replay.rows, 1);
  const [from, until] = [Date.parse(replay.from), Date.parse(replay.until)];
  return until > from ? Math.min(Math.max((presentMs - from) / (until - from), 0), 1) : 0;
}

/** The banner: what is shown, that it is not live, and the simulated time, which only the page's clock knows. */
export function bannerText(namespace: string, replay: Replay | undefined, presentMs: number): string {
  if (!replay) return `Replay ${namespace}, not live`;
  const recorded = dateIn('UTC', Date.parse(replay.from));
  const simulated = `simulated time ${dateIn('UTC', presentMs)} ${timeIn('UTC', presentMs)} UTC`;
  const pace = { running: speedText(replay.speed), ended: 'ended', failed: 'failed' }[replay.state];
  return `Replay ${namespace}: recorded ${recorded}, ${pace}, ${simulated}, not live`;
}
