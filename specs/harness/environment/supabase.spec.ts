import { describe, expect, test } from 'vitest'
import { startCluster } from '../../../harness/postgres/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { applyIn, scriptsOf } from './apply-in.ts'

const team = scriptsOf(
  `create table public.profiles (id uuid primary key references auth.users on delete cascade default extensions.uuid_generate_v4(), handle text, embedding extensions.vector(1536));
   create extension if not exists vector with schema extensions;
   create index on public.profiles using hnsw (embedding vector_cosine_ops) with (m = 16, ef_construction = 64);
   alter table public.profiles enable row level security;
   create policy own on public.profiles for all to authenticated using (auth.uid() = id and auth.role() = 'authenticated');
   create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = public as
     $$ begin insert into public.profiles (id, handle) values (new.id, new.raw_user_meta_data ->> 'handle'); return new; end $$;
   create trigger on_auth_user_created after insert on auth.users for each row execute procedure public.handle_new_user();
   alter function public.handle_new_user() owner to postgres;`,
  `insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true);
   create policy "own folder" on storage.objects for insert to authenticated
     with check (bucket_id = 'avatars' and (storage.foldername(name))[1] = auth.uid()::text);
   alter publication supabase_realtime add table public.profiles;
   alter default privileges for role postgres in schema public grant select on tables to anon;
   select vault.create_secret('s3cret', 'api key');
   create extension if not exists pg_cron with schema pg_catalog;
   select cron.schedule('nightly', '0 3 * * *', $$select net.http_post('https://example.org', '{}')$$);
   set session_replication_role = replica;
   insert into auth.users (id, email) values ('00000000-0000-0000-0000-000000000001', 'a@example.org');
   reset session_replication_role;
   insert into auth.users (id, email, raw_user_meta_data) values ('00000000-0000-0000-0000-000000000002', 'b@example.org', '{"handle": "b"}');
   create table public.notes (id bigint generated always as identity primary key, author uuid not null references auth.users);`,
)

describe('the prelude "supabase"', () => {
  test('lets a role that is no superuser do what a team does on the platform', async () => {
    await using applied = await applyIn(await useCluster(), team, { platform: 'supabase' })
    expect(applied.failure).toBeUndefined()
    await using session = await applied.database.connect()
    const { settings, role } = applied.environment
    expect(settings.search_path).toBe('"$user", public, extensions')
    expect(
      await session.one(
        `SELECT (SELECT string_agg(handle, ',') FROM public.profiles) AS handles, (SELECT rolsuper FROM pg_roles WHERE rolname = $1) AS super,
           pg_get_userbyid(proowner) = $1 AS owns, has_table_privilege('anon', 'public.notes', 'SELECT') AS granted
           FROM pg_proc WHERE proname = 'handle_new_user'`,
        [role],
      ),
    ).toEqual({ handles: 'b', super: false, owns: true, granted: true })
  })

  test('lets the same migrations run on PostgreSQL 15', async () => {
    await using cluster = await startCluster({ kind: 'embedded', major: 15 })
    await using applied = await applyIn(cluster, team, { platform: 'supabase' })
    expect(applied.failure).toBeUndefined()
  })

  test('says what it made and what stands in for an extension', async () => {
    await using applied = await applyIn(await useCluster(), team, { platform: 'supabase' })
    const { notes, standIns, platformSchemas } = applied.environment
    expect(standIns).toEqual(['vector', 'pg_cron', 'pg_net'])
    expect(notes[0]).toMatch(/^The prelude "supabase" made /)
    expect(notes.filter((note) => note.includes('stands in for'))).toHaveLength(3)
    expect(notes.some((note) => note.includes('"pg_net" (used in 2.sql and never created)'))).toBe(true)
    expect([...platformSchemas]).toEqual(expect.arrayContaining(['auth', 'storage', 'vault', 'cron', 'net']))
    expect(platformSchemas.has('public')).toBe(false)
  })

  test('keeps row security on for a signed-in user, and off for the service', async () => {
    await using applied = await applyIn(await useCluster(), team, { platform: 'supabase' })
    const seenBy = async (role: string): Promise<number> => {
      await using session = await applied.database.connect({
        as: { role },
        settings: { 'request.jwt.claims': '{"sub":"00000000-0000-0000-0000-000000000009","role":"authenticated"}' },
      })
      return (await session.one<{ seen: number }>('SELECT count(*)::int AS seen FROM public.profiles')).seen
    }
    expect([await seenBy('authenticated'), await seenBy('service_role')]).toEqual([0, 1])
  })

  test('is asked for by a hint where a platform object is missing', async () => {
    const cluster = await useCluster()
    const hints = []
    for (const text of [
      'CREATE TABLE t (id uuid REFERENCES auth.users)',
      'CREATE TABLE t (id uuid DEFAULT auth.uid())',
      'SELECT * FROM storage.buckets',
    ]) {
      await using applied = await applyIn(cluster, scriptsOf(text))
      hints.push(applied.hint)
    }
    for (const hint of hints) expect(hint).toContain('--prelude supabase')
  })
})
