import { expect, it } from 'vitest';
import { downloadUrl } from './download';

it('asks for the sessions that are shown', () => {
  const filters = { market: ['USA', 'United Kingdom'], start_date: '2025-10-09', symbol: 'ES' };
  expect(downloadUrl('csv', filters, false, '')).toBe(
    '/api/market-open/download?format=csv&market=USA&market=United+Kingdom&start_date=2025-10-09&symbol=ES',
  );
  expect(downloadUrl('xlsx', { symbol: 'ES' }, true, 'week')).toBe(
    '/api/market-open/download?format=xlsx&symbol=all&namespace=week',
  );
});
