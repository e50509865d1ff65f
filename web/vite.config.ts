import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// No manual chunk for antd (the phone would load tables and trees); MapLibre's worker must be an ES module.
export default defineConfig({
  plugins: [react()],
  worker: { format: 'es' },
  build: { target: 'es2022', outDir: 'dist', chunkSizeWarningLimit: 1200 },
})
