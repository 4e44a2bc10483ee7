using System.Buffers.Binary;
using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Docker;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Tools.Docker;

public sealed class DockerPartsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void Framed_output_comes_back_however_the_connection_cuts_it()
    {
        Prop.ForAll<(bool Error, byte[] Data)[], PositiveInt>((frames, chunk) =>
        {
            using var wire = new MemoryStream();
            foreach (var (error, data) in frames)
            {
                Span<byte> header = [(byte)(error ? 2 : 1), 0, 0, 0, 0, 0, 0, 0];
                BinaryPrimitives.WriteInt32BigEndian(header[4..], data.Length);
                wire.Write(header);
                wire.Write(data);
            }

            using var stream = new ChunkedStream(wire.ToArray(), chunk.Get);
            var read = ReadAsync(stream).GetAwaiter().GetResult();
            return read.Output.SequenceEqual(frames.Where(frame => !frame.Error).SelectMany(frame => frame.Data))
                && read.Error.SequenceEqual(frames.Where(frame => frame.Error).SelectMany(frame => frame.Data));
        }).QuickCheckThrowOnFailure();

        static async Task<(List<byte> Output, List<byte> Error)> ReadAsync(Stream stream)
        {
            var (output, error) = (new List<byte>(), new List<byte>());
            await foreach (var piece in ContainerOutputReader.ReadAsync(stream, framed: true, CancellationToken.None))
            {
                (piece.Stream is OutputSource.Error ? error : output).AddRange(piece.Data.ToArray());
            }

            return (output, error);
        }
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 0, 0, 0, 9, 65 })]
    [InlineData(new byte[] { 1, 0, 0 })]
    [InlineData(new byte[] { 9, 0, 0, 0, 0, 0, 0, 1, 65 })]
    public async Task Output_that_breaks_off_or_is_not_framed_is_no_end(byte[] wire)
    {
        await Should.ThrowAsync<Exception>(async () =>
        {
            await foreach (var piece in ContainerOutputReader.ReadAsync(new MemoryStream(wire), framed: true, Cancelled))
            {
                piece.Data.Length.ShouldBe(1);
            }
        });
    }

    [Fact]
    public void Names_of_different_runs_differ_and_suit_the_engine()
    {
        Prop.ForAll<NonNull<string>, NonNull<string>>((first, second) =>
        {
            var (one, other) = (RunName.Of(first.Get), RunName.Of(second.Get));
            return one.Length <= 63
                && one.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character is '-')
                && string.Equals(first.Get, second.Get, StringComparison.Ordinal) == string.Equals(one, other, StringComparison.Ordinal);
        }).QuickCheckThrowOnFailure();
        RunName.Of("pipeline:a:b").ShouldNotBe(RunName.Of("pipeline-a-b"));
    }

    [Theory]
    [InlineData("*.log", "a.log", true)]
    [InlineData("*.log", "dir/a.log", false)]
    [InlineData("**/*.log", "a.log", true)]
    [InlineData("**/*.log", "dir/sub/a.log", true)]
    [InlineData("/node_modules/", "node_modules/x/y.js", true)]
    [InlineData("node_modules", "src/node_modules/x", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "a/c", false)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[^a-c]x", "bx", false)]
    [InlineData("# comment", "# comment", false)]
    [InlineData("*\n!keep.txt", "keep.txt", false)]
    [InlineData("*\n!keep.txt", "other.txt", true)]
    [InlineData("docs\n!docs/readme", "docs/readme", false)]
    [InlineData("./a/../b", "b", false)]
    [InlineData("a.b", "aXb", false)]
    [InlineData("[z-a]", "z", false)]
    [InlineData("foo**", "foo/bar", true)]
    public void A_dockerignore_decides_as_documented(string rules, string path, bool excluded) =>
        DockerIgnore.Parse(rules).Excludes(path).ShouldBe(excluded);

    [Fact]
    public void Instructions_have_the_lines_on_which_they_start()
    {
        Dockerfile.Parse("# escape=`\n\n# comment\r\nFROM x\r\nRUN a `\n  # inside\n\n  b\n  env A=b\nCOPY c:\\ d\n")
            .ShouldBe([new(4, 4, "FROM"), new(5, 8, "RUN"), new(9, 9, "ENV"), new(10, 10, "COPY")]);
        Dockerfile.Parse("from x\n#escape=`\nrun a \\\nb\n").ShouldBe([new(1, 1, "FROM"), new(3, 4, "RUN")]);
    }

    [Theory]
    [InlineData("FROM x", "FROM x\nLABEL a=b\n", "1 1")]
    [InlineData("# c\r\nfrom x \\\r\n  as y\r\nRUN a \\\nFROM b\nFROM y\nRUN c\n", "# c\r\nfrom x \\\r\n  as y\r\nLABEL a=b\nRUN a \\\nFROM b\nFROM y\nLABEL a=b\nRUN c\n", "1 2 3 3 4 5 6 6 7")]
    [InlineData("RUN true\n", "RUN true\n", "1")]
    [InlineData("", "", "")]
    public void Every_stage_of_a_Dockerfile_gets_the_label_and_lines_keep_their_origin(string original, string labelled, string lines)
    {
        var dockerfile = new LabelledDockerfile(Encoding.UTF8.GetBytes(original), "a", "b");

        Encoding.UTF8.GetString(dockerfile.Content).ShouldBe(labelled);
        var count = labelled.Split('\n').Length - 1;
        string.Join(' ', Enumerable.Range(1, count).Select(dockerfile.OriginalLine)).ShouldBe(lines);
    }

    [Fact]
    public void Bytes_that_are_no_text_survive_the_label()
    {
        byte[] original = [.. "FROM x\n# "u8, 0xFF, 0xFE, .. "\n"u8];

        new LabelledDockerfile(original, "a", "b").Content.ShouldBe([.. "FROM x\nLABEL a=b\n# "u8, 0xFF, 0xFE, .. "\n"u8]);
    }

    [Theory]
    [InlineData("unix:///run/x.sock", "/run/x.sock", "http://docker/")]
    [InlineData("tcp://127.0.0.1", null, "http://127.0.0.1:2375/")]
    [InlineData("tcp://engine:1234", null, "http://engine:1234/")]
    [InlineData("https://engine", null, "https://engine:2376/")]
    public void An_endpoint_is_understood(string endpoint, string? socket, string address)
    {
        var resolved = DockerEndpoint.Resolve(new DockerOptions { Endpoint = endpoint }, _ => null, _ => false);

        resolved.SocketPath.ShouldBe(socket);
        resolved.BaseAddress.ShouldBe(new Uri(address));
    }

    [Theory]
    [InlineData("docker.sock")]
    [InlineData("unix://relative")]
    [InlineData("ftp://host")]
    [InlineData("tcp://host/path")]
    public void An_endpoint_that_is_none_is_refused_with_what_would_be_right(string endpoint) =>
        Should.Throw<FormatException>(() => DockerEndpoint.Resolve(new DockerOptions(), name => name is "DOCKER_HOST" ? endpoint : null, _ => false))
            .Message.ShouldSatisfyAllConditions(message => message.ShouldContain($"DOCKER_HOST is '{endpoint}'"), message => message.ShouldContain("unix:///"));

    [Fact]
    public void Without_configuration_the_first_socket_that_exists_is_the_endpoint()
    {
        DockerEndpoint.Resolve(new DockerOptions(), _ => null, path => path is "/run/podman/podman.sock").SocketPath.ShouldBe("/run/podman/podman.sock");
        DockerEndpoint.Resolve(new DockerOptions(), _ => null, _ => false).SocketPath.ShouldBe("/var/run/docker.sock");
    }

    [Fact]
    public void Options_that_are_wrong_are_named()
    {
        var options = new DockerOptions { Endpoint = "nowhere", CallTimeout = TimeSpan.Zero, Registries = { new RegistryCredential { Host = "a/b", Username = "u", Password = "secret-word" } } };

        var failures = new DockerOptionsValidator().Validate(name: null, options).Failures.ShouldNotBeNull().ToList();

        failures.Count.ShouldBe(3);
        failures.ShouldContain(failure => failure.Contains("Docker:CallTimeout", StringComparison.Ordinal));
        failures.ShouldContain(failure => failure.Contains("Docker:Registries:0:Host", StringComparison.Ordinal));
        string.Concat(failures).ShouldNotContain("secret-word");
    }

    [Theory]
    [InlineData("python", "docker.io", "python", "latest")]
    [InlineData("team/app:1", "docker.io", "team/app", "1")]
    [InlineData("localhost:5000/app", "localhost:5000", "localhost:5000/app", "latest")]
    [InlineData("registry.example/team/app@sha256:00", "registry.example", "registry.example/team/app", "sha256:00")]
    public void An_image_name_has_its_parts(string reference, string registry, string repository, string tag) =>
        ImageName.Parse(reference).ShouldBe(new ImageName(registry, repository, tag));

    [Fact]
    public void Registry_credentials_are_encoded_as_the_engine_reads_them()
    {
        var header = RegistryAuthentication.Header(new RegistryCredential { Host = "registry.example", Username = "user", Password = "pass>?word" });

        header.ShouldNotContain("+");
        header.ShouldNotContain("/");
        using var json = JsonDocument.Parse(Convert.FromBase64String(header.Replace('-', '+').Replace('_', '/')));
        json.RootElement.GetProperty("username").GetString().ShouldBe("user");
        json.RootElement.GetProperty("password").GetString().ShouldBe("pass>?word");
        json.RootElement.GetProperty("serveraddress").GetString().ShouldBe("registry.example");
    }

    [Theory]
    [InlineData("../out", TarEntryType.RegularFile)]
    [InlineData("/etc/passwd", TarEntryType.RegularFile)]
    [InlineData("a/../../b", TarEntryType.SymbolicLink)]
    [InlineData("device", TarEntryType.CharacterDevice)]
    [InlineData("pipe", TarEntryType.Fifo)]
    public async Task An_archive_that_holds_more_than_a_source_tree_is_refused(string name, TarEntryType type)
    {
        using var source = new MemoryStream();
        await using (var writer = new TarWriter(source, TarEntryFormat.Pax, leaveOpen: true))
        {
            var entry = new PaxTarEntry(type, name);
            if (type is TarEntryType.SymbolicLink)
            {
                entry.LinkName = "x";
            }

            await writer.WriteEntryAsync(entry, Cancelled);
        }

        source.Position = 0;
        await using var destination = new TarWriter(new MemoryStream());
        var exception = await Should.ThrowAsync<ToolException>(() => WorkspaceArchive.CopyAsync(source, destination, 1000, path => path, Cancelled));
        exception.Message.ShouldContain(name);
    }

    [Fact]
    public async Task A_copied_archive_belongs_to_its_owner_and_names_every_directory_before_what_is_in_it()
    {
        using var source = new MemoryStream();
        await using (var writer = new TarWriter(source, TarEntryFormat.Pax, leaveOpen: true))
        {
            await writer.WriteEntryAsync(new PaxGlobalExtendedAttributesTarEntry(new Dictionary<string, string>(StringComparer.Ordinal) { ["comment"] = "commit" }), Cancelled);
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "a/b/ünï.txt") { DataStream = new MemoryStream("content"u8.ToArray()), Uid = 0 }, Cancelled);
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, new string('n', 300)) { Uid = 0 }, Cancelled);
        }

        // Neither end can seek, as on the wire.
        using var copy = new MemoryStream();
        await using (var destination = new TarWriter(new ForwardStream(copy), TarEntryFormat.Gnu, leaveOpen: true))
        {
            await WorkspaceArchive.CopyAsync(new ChunkedStream(source.ToArray(), 7), destination, 1000, path => path, Cancelled);
        }

        copy.Position = 0;
        var names = new List<string>();
        await using var reader = new TarReader(copy);
        while (await reader.GetNextEntryAsync(cancellationToken: Cancelled) is { } entry)
        {
            names.Add(entry.Name);
            entry.Uid.ShouldBe(1000);
            if (entry.Name.EndsWith("txt", StringComparison.Ordinal))
            {
                Encoding.UTF8.GetString(((MemoryStream)await CopyOfAsync(entry.DataStream!)).ToArray()).ShouldBe("content");
            }
        }

        names.ShouldBe(["./", "a/", "a/b/", "a/b/ünï.txt", new string('n', 300)]);

        static async Task<Stream> CopyOfAsync(Stream stream)
        {
            var memory = new MemoryStream();
            await stream.CopyToAsync(memory);
            return memory;
        }
    }

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class ChunkedStream(byte[] content, int chunk) : ReadOnlyStream
    {
        private int _position;

        public override int Read(byte[] buffer, int offset, int count)
        {
            var length = Math.Min(Math.Min(count, chunk), content.Length - _position);
            Array.Copy(content, _position, buffer, offset, length);
            _position += length;
            return length;
        }
    }

    private sealed class ForwardStream(Stream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
    }
}
