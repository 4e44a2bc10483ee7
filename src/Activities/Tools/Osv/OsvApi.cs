using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Packages.Versions;
using AtomicDevOps.Activities.Security.Json;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Http;

namespace AtomicDevOps.Activities.Tools.Osv;

/// <summary>
/// The API of osv.dev by https://google.github.io/osv.dev/api/: it is asked for the advisories about packages by their names alone, and for the records of those
/// that are new or changed since they were read last. Which versions a record affects is decided here.
/// </summary>
internal sealed partial class OsvApi(OsvOptions options, IHttpClientFactory clients, IArtifactStore artifacts, TimeProvider timeProvider)
{
    public const string ClientName = "OSV";

    /// <summary>A batch that is larger is refused.</summary>
    private const int MostQueries = 1_000;

    private const int MostPages = 200;
    private const int MostAdvisories = 50_000;
    private const int MostKept = 100_000;
    private const int Width = 8;

    /// <summary>With more to read about one package than that, all of them are asked for at once.</summary>
    private const int MostSingly = 50;

    private const int MostReason = 300;
    private static readonly TimeSpan Precision = TimeSpan.FromSeconds(1);

    private readonly JsonTransport _transport = new(OsvClient.ToolName, ClientName, clients, timeProvider, options.RateLimitWait);
    private readonly ConcurrentDictionary<string, KeptRecord> _kept = new(StringComparer.Ordinal);

    private Uri Address => options.Address!;

    /// <exception cref="ToolUnavailableException">It cannot be reached, or none of the records that it lists can be had.</exception>
    /// <exception cref="ToolException">It answers in a form that is not documented, or lists more than is read.</exception>
    public async Task<AdvisoryAnswer> FindAsync(IReadOnlyCollection<OsvPackage> packages, CancellationToken cancellationToken)
    {
        if (packages.Count == 0)
        {
            await CheckAsync(cancellationToken);
            return new AdvisoryAnswer(new Dictionary<OsvPackage, IReadOnlyList<OsvRecord>>(), Address.Host);
        }

        var lists = await ListAsync([.. packages.Select(AskedAs).Distinct()], cancellationToken);
        var problems = new ConcurrentQueue<string>();
        var records = await ReadAsync(lists, problems, cancellationToken);
        var found = new Dictionary<OsvPackage, IReadOnlyList<OsvRecord>>();
        foreach (var package in packages)
        {
            var listed = lists[AskedAs(package)].Keys.Where(records.ContainsKey).Select(id => records[id]).OrderBy(static record => record.Id, StringComparer.Ordinal).ToArray();
            foreach (var record in listed.Where(record => record.Withdrawn is null && !OsvEvaluation.IsAbout(record, package.Ecosystem, package.Name)))
            {
                problems.Enqueue($"{record.Id} is listed for {package.Name} of {package.Ecosystem}, and its record names no such package.");
            }

            if (listed.Length > 0)
            {
                found[package] = listed;
            }
        }

        var newest = records.Values.Max(static record => record.Modified);
        return new AdvisoryAnswer(found, newest is null ? Address.Host : FormattableString.Invariant($"{Address.Host}, {newest.Value.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}"))
        {
            Problems = [.. problems.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
        };
    }

    /// <summary>Names are compared as they are written, but for those of PyPI, whose normal form is defined.</summary>
    private static OsvPackage AskedAs(OsvPackage package) => package.Ecosystem is "PyPI" ? package with { Name = PythonName.Normalize(package.Name) } : package;

    /// <summary>Asks for the record that the API's documentation asks for; also that there is none such any more is an answer.</summary>
    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await GetAsync("OSV-2020-111", cancellationToken);
        }
        catch (ToolNotFoundException)
        {
        }
    }

    /// <returns>By package the ids of the advisories about it, each with when it was changed last.</returns>
    private async Task<Dictionary<OsvPackage, Dictionary<string, DateTimeOffset?>>> ListAsync(IReadOnlyList<OsvPackage> packages, CancellationToken cancellationToken)
    {
        var lists = packages.ToDictionary(static package => package, static _ => new Dictionary<string, DateTimeOffset?>(StringComparer.Ordinal));
        var waiting = packages.Select(static package => new Query(package, Page: null)).ToArray();
        for (var round = 1; waiting.Length > 0; round++)
        {
            if (round > MostPages)
            {
                throw new ToolException(OsvClient.ToolName, $"The lists of advisories have more than {MostPages} pages; they are not read further.");
            }

            var next = new List<Query>();
            foreach (var batch in waiting.Chunk(MostQueries))
            {
                next.AddRange(await ListAsync(batch, lists, cancellationToken));
            }

            waiting = [.. next];
            if (lists.Values.Sum(static list => list.Count) > MostAdvisories)
            {
                throw new ToolException(OsvClient.ToolName, $"There are more than {MostAdvisories} advisories about the packages that were asked about. Right would be a directory of records: set Osv:Directory.");
            }
        }

        return lists;
    }

    /// <returns>The queries that have another page.</returns>
    private async Task<IReadOnlyList<Query>> ListAsync(Query[] batch, Dictionary<OsvPackage, Dictionary<string, DateTimeOffset?>> lists, CancellationToken cancellationToken)
    {
        var request = Post("v1/querybatch", json =>
        {
            json.WriteStartArray("queries");
            foreach (var query in batch)
            {
                json.WriteStartObject();
                Write(json, query);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        var answer = await SendAsync(request, cancellationToken);
        var results = JsonAnswer.Each(JsonAnswer.Find(answer.Body, "results")).ToArray();
        if (results.Length != batch.Length)
        {
            throw NotOsvs(request, string.Create(CultureInfo.InvariantCulture, $"it has {results.Length} results for {batch.Length} queries"));
        }

        var next = new List<Query>();
        foreach (var (query, result) in batch.Zip(results))
        {
            foreach (var advisory in Advisories(request, result))
            {
                var id = JsonAnswer.FindText(advisory, "id");
                if (id is null || !Id().IsMatch(id))
                {
                    throw NotOsvs(request, "an advisory has no id");
                }

                lists[query.Package][id] = JsonAnswer.FindText(advisory, "modified") is { } text
                    && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var modified) ? modified : null;
            }

            if (NextPage(request, result, query.Page) is { } page)
            {
                next.Add(query with { Page = page });
            }
        }

        return next;
    }

    private static IEnumerable<JsonElement> Advisories(JsonRequest request, JsonElement result) =>
        result.ValueKind == JsonValueKind.Object && JsonAnswer.Find(result, "vulns") is { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.Array } list
            ? JsonAnswer.Each(list)
            : throw NotOsvs(request, "a result has no list of advisories");

    private static string? NextPage(JsonRequest request, JsonElement result, string? page) => JsonAnswer.FindText(result, "next_page_token") switch
    {
        null or "" => null,
        { } next when string.Equals(next, page, StringComparison.Ordinal) => throw NotOsvs(request, "the next page is the same again"),
        { } next => next,
    };

    /// <returns>The records that could be had, by id; for each that could not there is a problem.</returns>
    private async Task<IReadOnlyDictionary<string, OsvRecord>> ReadAsync(
        Dictionary<OsvPackage, Dictionary<string, DateTimeOffset?>> lists, ConcurrentQueue<string> problems, CancellationToken cancellationToken)
    {
        var listed = new Dictionary<string, DateTimeOffset?>(StringComparer.Ordinal);
        foreach (var (id, modified) in lists.Values.SelectMany(static list => list))
        {
            listed[id] = modified;
        }

        var records = new ConcurrentDictionary<string, OsvRecord>(StringComparer.Ordinal);
        await EachAsync(listed, async (advisory, token) =>
        {
            if (await FindKeptAsync(advisory.Key, advisory.Value, token) is { } record)
            {
                records[advisory.Key] = record;
            }
        });

        ToolUnavailableException? trouble = null;
        await EachAsync(lists.Where(list => list.Value.Keys.Count(id => !records.ContainsKey(id)) > MostSingly), (list, token) => TryAsync(
            async () =>
            {
                await foreach (var record in QueryAsync(list.Key, problems, token))
                {
                    if (listed.TryGetValue(record.Id, out var modified) && records.TryAdd(record.Id, record))
                    {
                        await KeepAsync(record, modified, token);
                    }
                }
            },
            $"{list.Key.Name} of {list.Key.Ecosystem}"));
        await EachAsync(listed.Where(advisory => !records.ContainsKey(advisory.Key)).ToArray(), (advisory, token) => TryAsync(
            async () =>
            {
                var record = await GetAsync(advisory.Key, token);
                records[advisory.Key] = record;
                await KeepAsync(record, advisory.Value, token);
            },
            advisory.Key));

        if (trouble is not null)
        {
            if (records.IsEmpty)
            {
                throw trouble;
            }

            problems.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{listed.Count - records.Count} of {listed.Count} advisories could not be read: {trouble.Message}"));
        }

        return records;

        Task EachAsync<T>(IEnumerable<T> all, Func<T, CancellationToken, Task> read) => Parallel.ForEachAsync(
            all, new ParallelOptions { MaxDegreeOfParallelism = Width, CancellationToken = cancellationToken }, async (each, token) => await read(each, token));

        async Task TryAsync(Func<Task> read, string what)
        {
            // One that is in trouble is not asked for the rest.
            if (Volatile.Read(ref trouble) is not null)
            {
                return;
            }

            try
            {
                await read();
            }
            catch (ToolUnavailableException exception)
            {
                Volatile.Write(ref trouble, exception);
            }
            catch (ToolException exception)
            {
                problems.Enqueue($"{what} could not be read: {exception.Message}");
            }
        }
    }

    private async Task<OsvRecord?> FindKeptAsync(string id, DateTimeOffset? modified, CancellationToken cancellationToken)
    {
        if (modified is null)
        {
            return null;
        }

        if (_kept.TryGetValue(id, out var kept) && kept.Listed == modified)
        {
            return kept.Record;
        }

        kept = await artifacts.TryReadJsonAsync<KeptRecord>(KeyOf(id), cancellationToken);
        if (kept?.Listed != modified || kept?.Record is not { } record)
        {
            return null;
        }

        Remember(kept);
        return record;
    }

    /// <summary>A record that is older than the list says comes from a place that has not heard of the change yet: it serves, and is asked for again.</summary>
    private async Task KeepAsync(OsvRecord record, DateTimeOffset? modified, CancellationToken cancellationToken)
    {
        if (modified is { } listed && record.Modified + Precision >= listed)
        {
            var kept = new KeptRecord(listed, record);
            Remember(kept);
            try
            {
                await artifacts.WriteJsonAsync(KeyOf(record.Id), kept, cancellationToken);
            }
            catch (ToolException)
            {
                // What was read counts; it is only read again another time.
            }
        }
    }

    private void Remember(KeptRecord kept)
    {
        if (_kept.Count >= MostKept)
        {
            _kept.Clear();
        }

        _kept[kept.Record.Id] = kept;
    }

    private static string KeyOf(string id) => $"cache/osv/{ArtifactKey.Segment(id)}.json";

    private async Task<OsvRecord> GetAsync(string id, CancellationToken cancellationToken)
    {
        var request = new JsonRequest(HttpMethod.Get, new Uri(Address, $"v1/vulns/{Uri.EscapeDataString(id)}"), $"GET v1/vulns/{id}");
        var answer = await SendAsync(request, cancellationToken);
        var record = Read(request, answer.Body);
        return string.Equals(record.Id, id, StringComparison.Ordinal) ? record : throw NotOsvs(request, "the record is another one's");
    }

    private async IAsyncEnumerable<OsvRecord> QueryAsync(
        OsvPackage package, ConcurrentQueue<string> problems, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? page = null;
        for (var count = 1; count <= MostPages; count++)
        {
            var request = Post("v1/query", json => Write(json, new Query(package, page)));
            var answer = await SendAsync(request, cancellationToken);
            foreach (var advisory in Advisories(request, answer.Body))
            {
                OsvRecord record;
                try
                {
                    record = Read(request, advisory);
                }
                catch (ToolException exception)
                {
                    problems.Enqueue($"An advisory about {package.Name} of {package.Ecosystem} could not be read: {exception.Message}");
                    continue;
                }

                yield return record;
            }

            page = NextPage(request, answer.Body, page);
            if (page is null)
            {
                yield break;
            }
        }
    }

    private static OsvRecord Read(JsonRequest request, JsonElement record)
    {
        try
        {
            return OsvRecordReader.Read(record.ValueKind == JsonValueKind.Undefined ? string.Empty : record.GetRawText());
        }
        catch (FormatException exception)
        {
            throw NotOsvs(request, exception.Message, exception);
        }
    }

    private JsonRequest Post(string path, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return new JsonRequest(HttpMethod.Post, new Uri(Address, path), $"POST {path}") { Body = new HttpContentBytes(body.WrittenMemory, "application/json") };
    }

    private static void Write(Utf8JsonWriter json, Query query)
    {
        json.WriteStartObject("package");
        json.WriteString("ecosystem", query.Package.Ecosystem);
        json.WriteString("name", query.Package.Name);
        json.WriteEndObject();
        if (query.Page is not null)
        {
            json.WriteString("page_token", query.Page);
        }
    }

    private async Task<JsonAnswer> SendAsync(JsonRequest request, CancellationToken cancellationToken)
    {
        var answer = await _transport.SendAsync(request, cancellationToken);
        if ((int)answer.Status is >= 200 and < 300)
        {
            return answer;
        }

        var reason = PlainText.Line(JsonAnswer.FindText(answer.Body, "message") ?? "no reason given", MostReason);
        var told = string.Create(CultureInfo.InvariantCulture, $"{request} was answered with {(int)answer.Status}: {reason.TrimEnd('.')}.");
        throw answer.Status switch
        {
            HttpStatusCode.NotFound => answer.IsJson ? new ToolNotFoundException(OsvClient.ToolName, told) : NotOsvs(request, "it knows no such path"),
            >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout => new ToolUnavailableException(OsvClient.ToolName, told),
            < HttpStatusCode.BadRequest => new ToolException(OsvClient.ToolName, $"{told} It leads elsewhere, which is not followed. Is Osv:Address right?"),
            _ => new ToolException(OsvClient.ToolName, told),
        };
    }

    private static ToolException NotOsvs(JsonRequest request, string problem, Exception? inner = null) =>
        new(OsvClient.ToolName, $"{request} was answered in a form that is not osv.dev's: {problem.TrimEnd('.')}. Is Osv:Address right?", inner);

    /// <summary>None of these can lead to another path.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Id();

    private sealed record Query(OsvPackage Package, string? Page);

    /// <param name="Listed">When it was changed last, as the list had it that it was read for.</param>
    private sealed record KeptRecord(DateTimeOffset Listed, OsvRecord Record);
}
