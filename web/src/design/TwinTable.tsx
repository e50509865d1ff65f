import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MISSING } from './format'

export interface Twin { columns: string[]; rows: (string | number | null)[][] }

const STEP = 100

/** The same data as the picture beside it, in rows. */
export function TwinTable({ twin, label }: { twin: Twin; label: string }) {
  const { t } = useTranslation()
  const [shown, setShown] = useState(STEP)
  return (
    <div className="twin" tabIndex={0} role="region" aria-label={label}>
      <table>
        <caption className="sr-only">{label}</caption>
        <thead><tr>{twin.columns.map((column) => <th key={column} scope="col">{column}</th>)}</tr></thead>
        <tbody>
          {twin.rows.slice(0, shown).map((row, index) => (
            <tr key={index}>{row.map((cell, column) => <td key={column}>{cell ?? MISSING}</td>)}</tr>
          ))}
        </tbody>
      </table>
      {shown < twin.rows.length && (
        <button type="button" className="link-button" onClick={() => setShown(shown + 10 * STEP)}>{t('chart.more_rows', { count: twin.rows.length - shown })}</button>
      )}
    </div>
  )
}
