/** Market opens: what was captured, what became of it, and what that says, as the API describes them. */

import type { components, paths } from './schema';

type Schemas = components['schemas'];

/** One of the 12 rows of an open session. */
export type SessionRow = Schemas['Row'];
export type Outcome = SessionRow['wndw'];
export type Quality = NonNullable<SessionRow['resolution_quality']>;
export type Card = Schemas['Card'];
export type TodayAnswer = Schemas['TodayAnswer'];
export type Summary = Schemas['Summary'];
export type HistoryAnswer = Schemas['HistoryAnswer'];
export type SessionAnswer = Schemas['SessionAnswer'];
export type AuditLine = Schemas['AuditLine'];
export type PathAnswer = Schemas['PathAnswer'];
export type PathPoint = Schemas['PathPoint'];
export type PathQuote = Schemas['PathQuote'];
export type Rate = Schemas['Rate'];
export type StatsAnswer = Schemas['StatsAnswer'];
export type InsightsAnswer = Schemas['InsightsAnswer'];
export type AnswersAnswer = Schemas['AnswersAnswer'];

/** What the reads can be asked for. */
type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } }
  ? NonNullable<Q>
  : never;
export type HistoryQuery = Query<'/api/market-open/history'>;
/** Of insights too. */
export type StatsQuery = Query<'/api/market-open/stats'>;
export type AnswersQuery = Query<'/api/market-open/answers'>;
