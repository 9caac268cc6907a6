import { useEffect, useRef } from 'react';
import classes from './drawer.module.css';

interface DateFieldProps {
  label: string;
  /** "2025-10-09"; null: none. */
  value: string | null;
  onChange: (value: string | null) => void;
}

/** Years before are those of a year that is still being typed. */
const FIRST_YEAR = '1990';

/** A date; it keeps what is being typed until it is a whole one. */
export function DateField({ label, value, onChange }: DateFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (field.current && field.current !== document.activeElement) field.current.value = value ?? '';
  }, [value]);
  return (
    <label className={classes.date}>
      {label}
      <input
        ref={field}
        type="date"
        defaultValue={value ?? ''}
        onChange={({ currentTarget: { value: typed } }) => {
          if (typed === '' || typed > FIRST_YEAR) onChange(typed || null);
        }}
      />
    </label>
  );
}
