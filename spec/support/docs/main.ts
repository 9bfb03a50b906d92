import { writeFileSync } from 'node:fs'
import { propertiesPage } from './propertiesPage.js'

writeFileSync('docs/properties.md', propertiesPage())
