import i18n from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en'
import { zh } from './zh'

export type Language = 'zh' | 'en'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof zh }
  }
}

void i18n.use(initReactI18next).init({
  lng: chosen(),
  fallbackLng: 'zh',
  resources: { zh: { translation: zh }, en: { translation: en } },
  interpolation: { escapeValue: false },
  initAsync: false,
})

/** What was chosen before, else what the browser prefers: Chinese unless it says otherwise. */
function chosen(): Language {
  const asked = new URLSearchParams(window.location.search).get('language') ?? localStorage.getItem('metropool.language') ?? navigator.language
  return asked.toLowerCase().startsWith('en') ? 'en' : 'zh'
}

export default i18n
