import { formatCount, UNKNOWN } from '@/shared/format';
import { formatShare, formatSpan } from '../shared/words';
import classes from './headline.module.css';
import { baseOf, formatInterval, formatUsdInterval, isOutside, shortUsd } from './rates';
import type { Stats } from './reads';

/** The figures of all that match, each with what it rests on. */
export function Headline({ stats }: { stats: Stats }) {
  const { overall, resolution, best, left_out, missed } = stats;
  return (
    <dl className={classes.tiles} data-testid="headline">
      <Tile
        name="Hit rate"
        title="Worked / (worked + didn’t work)"
        value={formatShare(overall.hit_rate)}
        testId="hit-rate"
        under={[
          `95%: ${formatInterval(overall.hit_rate_interval)}`,
          `${formatCount(overall.decided)} decided on ${formatCount(overall.days)} days`,
        ]}
      />
      <Tile
        name="By chance"
        title="What noise would win between these targets and stops, from the prices at which one could trade"
        value={formatShare(baseOf(overall))}
        under={[chanceWords(stats), `before the spread ${formatShare(overall.base_rate)}`]}
      />
      <Tile
        name="Hit rate of entries"
        title="Worked / all entries, expired ones too"
        value={formatShare(overall.hit_rate_of_entries)}
        under={[`${formatCount(overall.entries)} entries`, `${formatCount(overall.expired)} expired`]}
      />
      <Tile
        name="Expected per contract"
        title="Total P&L / entries"
        value={shortUsd(overall.expected_value_per_contract, true)}
        testId="expected-value"
        under={[
          `95%: ${formatUsdInterval(overall.expected_value_interval)}`,
          `${shortUsd(overall.expected_value_decided, true)} at $100 a decided one`,
        ]}
      />
      <Tile
        name="Total P&L"
        value={shortUsd(overall.total_pnl_usd, true)}
        under={[
          `largest drawdown ${shortUsd(Math.abs(stats.max_drawdown_usd))}`,
          `${formatCount(overall.entries)} entries`,
        ]}
      />
      <Tile
        name="Best by expected value"
        value={best.market?.display_name ?? UNKNOWN}
        under={[bestWords(best.market), best.day ? `${best.day.day}: ${bestWords(best.day)}` : UNKNOWN]}
      />
      <Tile
        name="Time to the end"
        value={formatSpan(resolution.median_sec)}
        under={['median', `mean ${formatSpan(resolution.mean_sec)}`]}
      />
      <Tile
        name="Sessions"
        value={formatCount(overall.sessions)}
        under={[
          `${formatCount(overall.no_entry)} without entry, ${formatCount(overall.pending + overall.error)} pending or error`,
          `${formatCount(missed)} missed, ${formatCount(left_out.manual)} by hand left out`,
        ]}
      />
    </dl>
  );
}

/** Whether the rate is told apart from chance. */
function chanceWords({ overall }: Stats): string {
  if (overall.hit_rate === null) return 'nothing decided yet';
  if (overall.low_sample) return 'low sample: fewer than 30';
  const base = baseOf(overall);
  if (!isOutside(base, overall.hit_rate_interval)) return 'the hit rate is not told apart';
  return overall.hit_rate > (base ?? 0) ? 'the hit rate is above it' : 'the hit rate is below it';
}

interface BestValue {
  readonly expected_value: number;
  readonly entries: number;
  readonly low_sample: boolean;
}

function bestWords(best: BestValue | null): string {
  if (!best) return 'no entry yet';
  return `${shortUsd(best.expected_value, true)} of ${formatCount(best.entries)}${best.low_sample ? ', low sample' : ''}`;
}

interface TileProps {
  name: string;
  title?: string;
  value: string;
  under: readonly string[];
  testId?: string;
}

function Tile({ name, title, value, under, testId }: TileProps) {
  return (
    <div className={classes.tile} title={title}>
      <dt>{name}</dt>
      <dd className={classes.value} data-testid={testId}>
        {value}
      </dd>
      {under.map((line) => (
        <dd key={line} className={classes.under}>
          {line}
        </dd>
      ))}
    </div>
  );
}
