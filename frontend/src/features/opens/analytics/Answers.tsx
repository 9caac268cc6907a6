import { useQuery } from '@tanstack/react-query';
import type { AnswersAnswer } from '@/api/marketOpen';
import { instrumentsQuery } from '@/api/queries';
import { useMarkets } from '@/live/hooks';
import { ProblemAlert } from '@/shared/ProblemAlert';
import { DAYS } from '../history/filters';
import { type AnalyticsSearch, ASKED, type OnAnalyticsSearch, pairOf } from './analyticsSearch';
import classes from './answers.module.css';
import { askedOf } from './reads';
import { Section } from './Section';

interface AnswersProps {
  search: AnalyticsSearch;
  onSearch: OnAnalyticsSearch;
}

/** The questions that one asks of the opens, answered in words; what they ask about can be chosen. */
export function Answers({ search, onSearch }: AnswersProps) {
  const { data, error, refetch, isFetching } = useQuery(askedOf(search));
  return (
    <Section id="answers" title="Questions" note="of all captured opens, whatever is filtered">
      <Choices search={search} onSearch={onSearch} />
      {error && !data && (
        <ProblemAlert
          what="The questions could not be answered"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      )}
      {!error && !data && <p className={classes.quiet}>Asking…</p>}
      {data && <List answers={data.answers} />}
    </Section>
  );
}

function List({ answers }: { answers: AnswersAnswer['answers'] }) {
  return (
    <dl className={classes.list} data-testid="answers">
      {answers.map(({ id, question, answer }) => (
        <div key={id} data-testid={`answer-${id}`}>
          <dt>{question}</dt>
          <dd>{answer}</dd>
        </div>
      ))}
    </dl>
  );
}

function Choices({ search, onSearch }: AnswersProps) {
  const { data: markets } = useMarkets();
  const { data: instruments = [] } = useQuery(instrumentsQuery);
  const countries = (markets?.markets ?? []).map(({ country, display_name }) => [country, display_name] as const);
  const symbols = instruments.map(({ symbol }) => [symbol, symbol] as const);
  const choices = [
    ['qmarket', 'Market', countries],
    ['qday', 'Day', DAYS.map((day) => [day, day] as const)],
    ['a', 'Instrument', symbols],
    ['b', 'Against', symbols],
  ] as const;
  return (
    <div className={classes.choices}>
      {choices.map(([name, label, options]) => (
        <Choice
          key={name}
          label={label}
          options={options}
          value={search[name] ?? ASKED[name]}
          onChange={(value) => onSearch(changeOf(search, name, value))}
        />
      ))}
    </div>
  );
}

/** What a choice does to the address; what is asked anyway is not in it. */
function changeOf(search: AnalyticsSearch, name: keyof typeof ASKED, value: string) {
  const { a = ASKED.a, b = ASKED.b } = search;
  const wanted = name === 'a' || name === 'b' ? pairOf({ a, b }, name, value) : { [name]: value };
  return Object.fromEntries(
    Object.entries(wanted).map(([each, chosen]) => [
      each,
      chosen === ASKED[each as keyof typeof ASKED] ? undefined : chosen,
    ]),
  );
}

interface ChoiceProps {
  label: string;
  options: readonly (readonly [value: string, word: string])[];
  value: string;
  onChange: (value: string) => void;
}

function Choice({ label, options, value, onChange }: ChoiceProps) {
  const isKnown = options.some(([each]) => each === value);
  return (
    <label className={classes.choice}>
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {!isKnown && <option value={value}>{value}</option>}
        {options.map(([each, word]) => (
          <option key={each} value={each}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}
