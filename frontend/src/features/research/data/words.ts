/** Words for sizes, shares and spans. */

import type { Cell, LakeRun } from '@/api/research';
import { dateMs } from '@/shared/dates';
import { formatCount, UNKNOWN } from '@/shared/format';
import { STATES } from './grid';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** "0 B", "12.4 MB": of thousands. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? formatCount(Math.round(value)) : value.toFixed(1)} ${UNITS[power]}`;
}

/** "99.97%": of a share from 0 to 1, never rounded up to all of it. */
export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined) return UNKNOWN;
  const percent = Math.floor(share * 10_000) / 100;
  return `${percent === 100 ? '100' : percent.toFixed(2)}%`;
}

/** "7 s", "12 min", "1 h 05 min". */
export function formatSpan(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  if (seconds < 60) return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

const day = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'UTC',
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});

/** "Fri, 20 Nov 2026". */
export const dateWords = (date: string): string => day.format(dateMs(date));

/** A cell in a line. */
export function cellWords(symbol: string, date: string, cell: Cell | undefined): string {
  const head = `${symbol}, ${dateWords(date)}`;
  if (!cell) return `${head}: nothing yet`;
  const ticks = Math.max(cell.ticks, cell.stored ?? 0);
  const parts = [
    STATES[cell.state].word.toLowerCase(),
    ...(ticks > 0 ? [`${formatCount(ticks)} ticks`] : []),
    ...(cell.quality ? [`${formatShare(cell.quality.coverage)} covered`] : []),
    ...(cell.quality?.gaps ? [`${formatCount(cell.quality.gaps)} ${cell.quality.gaps === 1 ? 'gap' : 'gaps'}`] : []),
  ];
  return `${head}: ${parts.join(', ')}`;
}

/** How long a run took, or takes so far; null before it began. Seconds. */
export function secondsOf({ started_at, ended_at }: LakeRun, nowMs: number): number | null {
  if (started_at === null) return null;
  const end = ended_at === null ? nowMs : Date.parse(ended_at);
  return Math.max(end - Date.parse(started_at), 0) / 1000;
}
