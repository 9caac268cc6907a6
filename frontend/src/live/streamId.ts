/** Ids of stream entries: "<milliseconds>-<sequence>", ordered as two numbers and never as text. */

const ORIGIN: readonly [number, number] = [0, 0];

function parts(id: string): readonly [number, number] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(id);
  return match ? [Number(match[1]), Number(match[2] ?? 0)] : ORIGIN;
}

/** Negative when a is older than b, positive when newer, 0 when equal. What is no id counts as the origin. */
export function compareStreamIds(a: string, b: string): number {
  const [aMs, aSeq] = parts(a);
  const [bMs, bSeq] = parts(b);
  return aMs - bMs || aSeq - bSeq;
}
