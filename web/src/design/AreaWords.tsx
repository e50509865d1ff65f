import { useTranslation } from 'react-i18next'
import type { NoticeArea } from '../api/types'
import { usePick } from './preferences'

/** An area in words: the city, its places by name, or that it was drawn. */
export function AreaWords({ area }: { area: NoticeArea }) {
  const { t } = useTranslation()
  const pick = usePick()
  return <>{area.kind === 'places' ? area.places.map(({ name }) => pick(name)).join('、') : t(`notice.area.${area.kind}`)}</>
}
