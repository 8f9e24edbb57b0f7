import { identity, named, type ObjectQuery, rights, spelled, userMade } from './query.ts'

// The constructors of a range type come and go with it.
const routines: ObjectQuery = `
  SELECT ${spelled('p.prokind', { f: 'function', p: 'procedure', a: 'aggregate', w: 'function' })} AS kind, ${identity('pg_proc', 'p')},
         p.pronamespace::int8 AS schema, p.proname AS name, '(' || oidvectortypes(p.proargtypes) || ')' AS suffix, ${rights('p', 'pro', 'f')},
         pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS returns, (SELECT l.lanname FROM pg_language AS l WHERE l.oid = p.prolang) AS language,
         coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS body, p.probin AS library, p.prokind = 'w' AS "window",
         ${spelled('p.provolatile', { i: 'immutable', s: 'stable', v: 'volatile' })} AS volatility, ${spelled('p.proparallel', { s: 'safe', r: 'restricted', u: 'unsafe' })} AS parallel,
         p.proisstrict AS strict, p.prosecdef AS "securityDefiner", p.proleakproof AS leakproof, p.procost::text AS cost, p.prorows::text AS rows, p.proconfig AS settings,
         ${named('p.prosupport')} AS support, CASE WHEN p.prokind = 'a' THEN (
           SELECT concat_ws(', ', 'kind = ' || a.aggkind::text, 'direct = ' || a.aggnumdirectargs, 'sfunc = ' || a.aggtransfn::text, 'stype = ' || format_type(a.aggtranstype, NULL), 'sspace = ' || a.aggtransspace,
                  'finalfunc = ' || ${named('a.aggfinalfn')}, 'extra = ' || a.aggfinalextra, 'modify = ' || a.aggfinalmodify::text, 'combinefunc = ' || ${named('a.aggcombinefn')},
                  'serialfunc = ' || ${named('a.aggserialfn')}, 'deserialfunc = ' || ${named('a.aggdeserialfn')}, 'initcond = ' || a.agginitval,
                  'msfunc = ' || ${named('a.aggmtransfn')}, 'minvfunc = ' || ${named('a.aggminvtransfn')}, 'mfinalfunc = ' || ${named('a.aggmfinalfn')}, 'minitcond = ' || a.aggminitval,
                  'sortop = ' || nullif(a.aggsortop, 0)::regoperator::text) FROM pg_aggregate AS a WHERE a.aggfnoid = p.oid) END AS definition
    FROM pg_proc AS p
   WHERE ${userMade('p')} AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')`

const languages: ObjectQuery = `
  SELECT 'language' AS kind, ${identity('pg_language', 'l')}, l.lanname AS name, ${rights('l', 'lan', 'l')}, l.lanpltrusted AS trusted, ${named('l.lanplcallfoid')} AS handler,
         ${named('l.laninline')} AS inline, ${named('l.lanvalidator')} AS validator
    FROM pg_language AS l WHERE ${userMade('l')}`

const eventTriggers: ObjectQuery = `
  SELECT 'event-trigger' AS kind, ${identity('pg_event_trigger', 'e')}, e.evtname AS name, pg_get_userbyid(e.evtowner) AS owner, e.evtevent AS event, e.evtfoid::regproc::text AS function,
         ${spelled('e.evtenabled', { O: 'origin', D: 'disabled', R: 'replica', A: 'always' })} AS enabled, e.evttags AS tags
    FROM pg_event_trigger AS e`

/** What runs. */
export const routineObjects: readonly ObjectQuery[] = [routines, languages, eventTriggers]
