// The script of the page: links, print, keyboard, filter. Without it everything can still be read.
{
  const steps = [...document.querySelectorAll('[data-step]')]
  const search = document.getElementById('search')

  /** A link of the page shows what it points to, also in what is folded or filtered away. */
  const showTarget = () => {
    const target = document.getElementById(location.hash.slice(1))
    for (let node = target; node !== null; node = node.parentElement) {
      if (node instanceof HTMLDetailsElement) node.open = true
      if (node.dataset.step !== undefined) node.hidden = false
    }
    const own = target?.querySelector(':scope > details')
    if (own !== null && own !== undefined && target.dataset.step !== undefined) own.open = true
    target?.scrollIntoView()
  }

  /** On paper nothing can be opened: what is folded for a screen is printed, but for what nobody has to look at. */
  const openForPrint = () => {
    let opened = []
    addEventListener('beforeprint', () => {
      opened = [...document.querySelectorAll('details:not([open]):not([data-print=closed])')]
      for (const each of opened) each.open = true
    })
    addEventListener('afterprint', () => {
      for (const each of opened) each.open = false
      opened = []
    })
  }

  /** A keyboard reaches what scrolls, and stops nowhere else. */
  const focusWhatScrolls = () => {
    const observer = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        if (target.scrollWidth > target.clientWidth) target.tabIndex = 0
        else target.removeAttribute('tabindex')
      }
    })
    for (const each of document.querySelectorAll('.scroll')) observer.observe(each)
  }

  const textOf = (() => {
    const texts = new Map()
    return (step) => {
      if (!texts.has(step)) texts.set(step, step.textContent.toLowerCase())
      return texts.get(step)
    }
  })()

  const filterBy = (form, links) => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean)
    const wanted = new Set([...form.querySelectorAll('input[name=verdict]:checked')].map((box) => box.value))
    let count = 0
    for (const step of steps) {
      step.hidden = !(wanted.has(step.dataset.verdict) && words.every((word) => textOf(step).includes(word)))
      if (links.has(step.id)) links.get(step.id).hidden = step.hidden
      if (!step.hidden) count += 1
    }
    document.getElementById('shown').textContent = `${count} of ${steps.length} shown`
  }

  const filter = (form) => {
    const links = new Map([...document.querySelectorAll('[data-of]')].map((item) => [item.dataset.of, item]))
    const update = () => filterBy(form, links)
    const setOpen = (open) => {
      for (const step of steps) if (!step.hidden) step.querySelector('details').open = open
    }
    form.hidden = false
    form.addEventListener('input', update)
    form.addEventListener('submit', (event) => event.preventDefault())
    document.getElementById('open-all').addEventListener('click', () => setOpen(true))
    document.getElementById('close-all').addEventListener('click', () => setOpen(false))
    addEventListener('keydown', (event) => {
      const typing = event.target === search
      if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault()
        search.focus()
        search.select()
      }
      if (event.key === 'Escape' && typing) {
        search.value = ''
        update()
      }
    })
    update()
  }

  openForPrint()
  focusWhatScrolls()
  if (search !== null) filter(document.getElementById('filter'))
  addEventListener('hashchange', showTarget)
  if (location.hash !== '') showTarget()
}
