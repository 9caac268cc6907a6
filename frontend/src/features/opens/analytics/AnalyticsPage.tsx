import { Link } from '@tanstack/react-router';
import { formatCount } from '@/shared/format';
import { ProblemAlert } from '@/shared/ProblemAlert';
import { FilterBar, type OnFilters } from '../history/FilterBar';
import { choiceOf, countFilters, NO_FILTERS } from '../history/filters';
import { AnalyticsSkeleton } from './AnalyticsSkeleton';
import { Answers } from './Answers';
import classes from './analytics.module.css';
import type { AnalyticsSearch, OnAnalyticsSearch } from './analyticsSearch';
import { Definitions } from './Definitions';
import { Headline } from './Headline';
import { Insights } from './Insights';
import { MarketDayMap } from './MarketDayMap';
import { Months } from './Months';
import { PnlCurve } from './PnlCurve';
import { QualityShares } from './QualityShares';
import { RateTables } from './RateTables';
import { type Stats, useAhead, useStats } from './reads';
import { Section } from './Section';

interface AnalyticsPageProps {
  search: AnalyticsSearch;
  onSearch: OnAnalyticsSearch;
}

/** What the captured opens say: how often they worked, what they brought, how sure that is. */
export function AnalyticsPage({ search, onSearch }: AnalyticsPageProps) {
  useAhead(search);
  const { data, error, refetch, isFetching, isPlaceholderData } = useStats(search);
  const found = data && !isPlaceholderData ? `${formatCount(data.overall.sessions)} sessions` : 'Counting…';
  return (
    <main className={classes.page} aria-busy={isPlaceholderData}>
      <div className={classes.top}>
        <h1 className={classes.heading}>Analytics</h1>
        <FilterBar search={search} onSearch={onSearch} found={found} />
        <Link
          className={classes.link}
          to="/futures/market-open/history"
          search={(before) => ({ ...before, ...historySearch(search) })}
        >
          These sessions in History
        </Link>
      </div>
      {error && (
        <ProblemAlert
          what="The figures could not be loaded"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      )}
      {!data && !error && <AnalyticsSkeleton />}
      {data && data.overall.sessions === 0 && <Nothing isFiltered={countFilters(search) > 0} onSearch={onSearch} />}
      {data && data.overall.sessions > 0 && (
        <div className={classes.body} data-stale={isPlaceholderData || undefined}>
          <Figures stats={data} search={search} onSearch={onSearch} />
        </div>
      )}
    </main>
  );
}

/** The filters alone: the questions' part stays here. */
function historySearch({ qmarket: _market, qday: _day, a: _a, b: _b, of: _of, ...filters }: AnalyticsSearch) {
  return filters;
}

function Nothing({ isFiltered, onSearch }: { isFiltered: boolean; onSearch: OnFilters }) {
  if (!isFiltered) {
    return (
      <p className={classes.note} data-testid="analytics-empty">
        No open was captured yet: there is nothing to count.
      </p>
    );
  }
  return (
    <p className={classes.note} data-testid="analytics-no-match">
      No session matches.{' '}
      <button type="button" className={classes.button} onClick={() => onSearch(NO_FILTERS, true)}>
        Clear the filters
      </button>
    </p>
  );
}

function Figures({ stats, search, onSearch }: AnalyticsPageProps & { stats: Stats }) {
  const { outcomes } = choiceOf(search);
  return (
    <>
      {outcomes.length > 0 && (
        <p className={classes.warning} role="note">
          The sessions are chosen by their outcome: rates of them say nothing of the others.
        </p>
      )}
      <Headline stats={stats} />
      <Definitions />
      <div className={classes.columns}>
        <Section
          id="pnl"
          title="Running P&L"
          note={`${formatCount(stats.overall.entries)} entries of one contract, before costs`}
        >
          <PnlCurve points={stats.pnl_curve} maxDrawdown={stats.max_drawdown_usd} />
        </Section>
        <Answers search={search} onSearch={onSearch} />
      </div>
      <RateTables stats={stats} onSearch={onSearch} />
      <MarketDayMap stats={stats} search={search} onSearch={onSearch} />
      <Insights search={search} onSearch={onSearch} />
      <div className={classes.columns}>
        <Months months={stats.by_month} />
        <QualityShares stats={stats} />
      </div>
    </>
  );
}
