import { createLink } from '@tanstack/react-router'
import { Button, type ButtonProps } from 'antd'

/** A link of the site that looks like a button (and is one element, not a button in a link). */
export const LinkButton = createLink((props: ButtonProps) => <Button {...props} />)
