/** Alerts of the server that hold now and that nobody has put aside, outside React. */

import { parseObject } from './quote';

export interface Alert {
  /** Its name: an alert that comes again under the same name replaces the earlier one. */
  readonly alert: string;
  readonly severity: 'warning' | 'critical';
  readonly text: string;
  readonly atMs: number;
}

/** More than anybody reads; a bound, should the server run wild. */
const MOST = 50;

export class AlertStore {
  private readonly active = new Map<string, Alert>();
  /** What was put aside: its name, and since when it was raised. */
  private readonly aside = new Map<string, number>();
  /** Events taken, and for each alert which of them was its last. */
  private taken = 0;
  private readonly lastTaken = new Map<string, number>();
  private readonly listeners = new Set<() => void>();
  private shown: readonly Alert[] = [];

  /** Takes the event `alert`; answers whether it could be read. */
  take(data: string): boolean {
    const said = parseObject(data);
    if (!said || typeof said.alert !== 'string') return false;
    this.taken += 1;
    this.lastTaken.set(said.alert, this.taken);
    if (said.ended === true) {
      this.drop(said.alert);
      return true;
    }
    if (typeof said.text !== 'string') return false;
    const atMs = typeof said.at === 'string' ? Date.parse(said.at) : Number.NaN;
    const severity = said.severity === 'critical' ? 'critical' : 'warning';
    // Out first, so that what came last stands last.
    this.active.delete(said.alert);
    this.active.set(said.alert, { alert: said.alert, severity, text: said.text, atMs });
    this.changed();
    return true;
  }

  /** To be given to `replace` with the answer to what is asked now. */
  mark(): number {
    return this.taken;
  }

  /**
   * Takes all that held when they were asked for; what was put aside stays there. Of an alert that an event spoke of
   * after `mark`, the event knows more than the answer.
   */
  replace(rows: readonly { alert: string; severity: string; text: string; at: string }[], mark: number): void {
    const isNewer = (alert: string) => (this.lastTaken.get(alert) ?? 0) > mark;
    for (const alert of [...this.active.keys()]) {
      if (!isNewer(alert)) this.active.delete(alert);
    }
    for (const row of rows.toReversed()) {
      const atMs = Date.parse(row.at);
      if (isNewer(row.alert) || this.aside.get(row.alert) === atMs) continue;
      const severity = row.severity === 'critical' ? 'critical' : 'warning';
      this.active.set(row.alert, { alert: row.alert, severity, text: row.text, atMs });
    }
    this.changed();
  }

  /** Puts an alert aside until it is raised anew. */
  putAside(alert: string): void {
    const known = this.active.get(alert);
    if (known) this.aside.set(alert, known.atMs);
    this.drop(alert);
  }

  private drop(alert: string): void {
    if (this.active.delete(alert)) this.changed();
  }

  /** Newest first, critical ones before warnings; the same array until something changes. */
  list(): readonly Alert[] {
    return this.shown;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private changed(): void {
    const rank = ({ severity }: Alert) => (severity === 'critical' ? 0 : 1);
    this.shown = [...this.active.values()]
      .reverse()
      .toSorted((a, b) => rank(a) - rank(b))
      .slice(0, MOST);
    for (const listener of this.listeners) listener();
  }
}
