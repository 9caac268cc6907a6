import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { DEFAULT_MARKET } from '@/features/markets/MarketStatus';

const STORAGE_KEY = 'thor.market';

/** The market that the header shows: the address says it, else what was chosen last, else the default. */
export function useMarketChoice(): [chosen: string, choose: (country: string) => void] {
  const { market } = useSearch({ from: '__root__' });
  const navigate = useNavigate();
  const choose = useCallback(
    (country: string) => {
      remember(country);
      void navigate({ to: '.', search: (before) => ({ ...before, market: country }), replace: true });
    },
    [navigate],
  );
  return [market ?? remembered() ?? DEFAULT_MARKET, choose];
}

function remembered(): string | null {
  try {
    return window.localStorage.getItem(STORAGE_KEY);
  } catch {
    return null; // storage is forbidden in this browser
  }
}

function remember(country: string): void {
  try {
    window.localStorage.setItem(STORAGE_KEY, country);
  } catch {
    // Then it stands in the address only.
  }
}
