import { formatCount } from '@/shared/format';
import { ProblemAlert } from '@/shared/ProblemAlert';
import classes from './analytics.module.css';
import { type AnalyticsSearch, ASKED, type OnAnalyticsSearch } from './analyticsSearch';
import { Comparisons } from './Comparisons';
import { Predictors } from './Predictors';
import { type Insights as InsightsRead, useInsights } from './reads';
import { Section } from './Section';
import { SignalMatrix } from './SignalMatrix';

interface InsightsProps {
  search: AnalyticsSearch;
  onSearch: OnAnalyticsSearch;
}

/** What the instruments' own signals say of YM's trade. */
export function Insights({ search, onSearch }: InsightsProps) {
  const { data, error, refetch, isFetching } = useInsights(search);
  if (error && !data) {
    return (
      <ProblemAlert
        what="What the instruments say could not be loaded"
        error={error}
        onRetry={() => void refetch()}
        retrying={isFetching}
      />
    );
  }
  if (!data) return <p className={classes.note}>Loading what the instruments say…</p>;
  return (
    <Said insights={data} of={search.of ?? ASKED.a} onOf={(of) => onSearch({ of: of === ASKED.a ? undefined : of })} />
  );
}

interface SaidProps {
  insights: InsightsRead;
  of: string;
  onOf: (symbol: string) => void;
}

function Said({ insights, of, onOf }: SaidProps) {
  const { base, by_signal, predictors, comparisons } = insights;
  const note = `of ${formatCount(base.decided)} decided sessions: how often its own side was the way that YM went`;
  return (
    <>
      <div className={classes.columns}>
        <Section id="predictors" title="Which instrument’s signal predicts YM" note={note}>
          <Predictors predictors={predictors} />
        </Section>
        <Section id="comparisons" title="One against another" note="only sessions in which both took a side">
          <Comparisons comparisons={comparisons} of={of} onOf={onOf} />
        </Section>
      </div>
      <Section
        id="signals"
        title="When an instrument said so, how often TOTAL worked"
        note={`all: ${formatCount(base.decided)} decided`}
      >
        <SignalMatrix signals={by_signal} base={base.hit_rate} />
      </Section>
    </>
  );
}
