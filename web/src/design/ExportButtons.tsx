import { useTranslation } from 'react-i18next'
import { address, type Query } from '../api/client'
import { usePreferences } from './preferences'

/** All rows of the filter as a file, from the server. */
export function ExportButtons({ path, query }: { path: string; query: Query }) {
  const { t } = useTranslation()
  const { language } = usePreferences()
  const rest = { ...query, page: undefined, size: undefined, language }
  return (
    <span className="exports">
      {(['csv', 'xlsx'] as const).map((format) => (
        <a key={format} className="export" href={address(path, { ...rest, format })} download aria-label={t('table.export', { format: format.toUpperCase() })}>
          ↓ {format.toUpperCase()}
        </a>
      ))}
    </span>
  )
}
