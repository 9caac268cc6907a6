/** The gaps of a day, placed on a line from its first to its last instant. */

import type { QualityRow } from '@/api/research';

export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  /** Places on the line, 0 to 1. */
  readonly left: number;
  readonly right: number;
}

export interface GapLine {
  readonly fromMs: number;
  readonly toMs: number;
  readonly gaps: readonly Gap[];
}

/** Null where no gap and no tick says when the day was. In order of time. */
export function gapLine({ gap_list, first_at, last_at }: QualityRow): GapLine | null {
  const gaps = gap_list.flatMap((each) => readGap(each)).toSorted((a, b) => a[0] - b[0]);
  const ends = [first_at, last_at].filter((at) => at !== null).map((at) => Date.parse(at));
  const all = [...ends, ...gaps.flat()];
  const [fromMs, toMs] = [Math.min(...all), Math.max(...all)];
  if (all.length === 0 || toMs <= fromMs) return null;
  const at = (ms: number) => (ms - fromMs) / (toMs - fromMs);
  return { fromMs, toMs, gaps: gaps.map(([from, to]) => ({ fromMs: from, toMs: to, left: at(from), right: at(to) })) };
}

function readGap(value: unknown): [from: number, to: number][] {
  if (!Array.isArray(value)) return [];
  const [from, to] = value.map((each) => Date.parse(String(each)));
  return from !== undefined && to !== undefined && from < to ? [[from, to]] : [];
}
