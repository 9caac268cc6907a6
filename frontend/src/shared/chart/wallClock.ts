/** Instants as the clocks of a zone show them: a chart puts its days where those clocks have midnight. */

const HOUR_SECONDS = 3600;

/**
 * Turns epoch seconds into those at which UTC shows the same date and time as the zone does. The zone's offset is looked
 * up once an hour of its time.
 */
export class WallClock {
  private readonly offsets = new Map<number, number>();
  private readonly format: Intl.DateTimeFormat;

  /** `zone`: an IANA name. */
  constructor(readonly zone: string) {
    this.format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  of(seconds: number): number {
    const hour = Math.floor(seconds / HOUR_SECONDS);
    let offset = this.offsets.get(hour);
    if (offset === undefined) {
      offset = this.shownAt(hour * HOUR_SECONDS) - hour * HOUR_SECONDS;
      this.offsets.set(hour, offset);
    }
    return seconds + offset;
  }

  private shownAt(seconds: number): number {
    const parts = Object.fromEntries(
      this.format.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  }
}
