using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Tests.Tools.Docker;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tests.Experts.Docker;

public sealed class DockerExpertTests(DockerEngineFixture fixture)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_is_built_once_for_a_run_and_removed_with_it()
    {
        await using var docker = fixture.Require();
        var request = await RequestAsync(docker, "FROM atomicdevops/python:3\nARG GREETING\nCOPY . /app/\nRUN ls -A /app && cat /app/src/in.txt && echo $GREETING\n", ("src/in.txt", $"{docker.RunId}\n"), (".dockerignore", "*.tmp\n"), ("a.tmp", "x"));
        request = request with { BuildArgs = new Dictionary<string, string>(StringComparer.Ordinal) { ["GREETING"] = "good morning" } };

        var built = await docker.Expert.BuildImageAsync(request, Cancelled);

        built.Outcome.ShouldBe(ImageBuildOutcome.Succeeded, built.Error);
        built.ImageId.ShouldNotBeNull().ShouldStartWith("sha256:");
        built.SizeBytes.ShouldBeGreaterThan(0);
        built.Reused.ShouldBeFalse();
        built.Steps.ShouldBeGreaterThanOrEqualTo(4);
        built.Output.ShouldContain(docker.RunId);
        built.Output.ShouldContain("good morning");
        built.Output.ShouldNotContain("a.tmp");
        (await docker.Log.ReadAsync(docker.RunId, "build", 0, Cancelled)).ShouldContain(docker.RunId);
        (await docker.LeftoversAsync()).Items.ShouldHaveSingleItem().Kind.ShouldBe(DockerResourceKind.Image);

        var again = await docker.Expert.BuildImageAsync(request, Cancelled);
        again.Reused.ShouldBeTrue();
        again.ImageId.ShouldBe(built.ImageId);

        var run = await docker.Expert.RunCommandAsync(docker.Request("cat", "/app/src/in.txt") with { Image = built.Tag }, Cancelled);
        run.Output.ShouldBe($"{docker.RunId}\n");

        (await docker.Expert.RemoveRunAsync(new DockerRunReference(docker.RunId), Cancelled)).ShouldBe(new DockerRunRemoval(0, 0, 0, 1));
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
        (await docker.Expert.RemoveRunAsync(new DockerRunReference(docker.RunId), Cancelled)).ShouldBe(new DockerRunRemoval(0, 0, 0, 0));
        await Should.ThrowAsync<ToolNotFoundException>(() => docker.Engine.InspectImageAsync(built.ImageId, Cancelled));
    }

    [Theory]
    [InlineData("FROM atomicdevops/python:3\n\n# fails\nRUN echo before && \\\n    exit 3\n", ImageBuildOutcome.Failed, 4, "RUN echo before")]
    [InlineData("FROM atomicdevops/python:3\nCOPY not-there /x\n", ImageBuildOutcome.Failed, 2, "COPY not-there")]
    [InlineData("FROM atomicdevops/python:3\nFETCH x\n", ImageBuildOutcome.DockerfileInvalid, 2, null)]
    [InlineData("# nothing\n", ImageBuildOutcome.DockerfileInvalid, null, null)]
    [InlineData("RUN true\n", ImageBuildOutcome.DockerfileInvalid, null, null)]
    [InlineData("ARG X=1\nFROM localhost:1/no/such:1\n", ImageBuildOutcome.BaseImageUnavailable, 2, "FROM localhost:1/no/such:1")]
    [InlineData("FROM Not:A:Name\n", ImageBuildOutcome.DockerfileInvalid, 1, "FROM Not:A:Name")]
    public async Task A_broken_Dockerfile_is_told_by_its_line(string dockerfile, ImageBuildOutcome outcome, int? line, string? step)
    {
        await using var docker = fixture.Require();

        var result = await docker.Expert.BuildImageAsync(await RequestAsync(docker, dockerfile), Cancelled);

        result.Outcome.ShouldBe(outcome, result.Error);
        result.Error.ShouldNotBeNullOrEmpty();
        result.FailedLine.ShouldBe(line, result.Error);
        if (step is not null)
        {
            result.FailedStep.ShouldNotBeNull().ShouldStartWith(step);
        }

        result.ImageId.ShouldBeNull();
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_missing_Dockerfile_or_context_is_told_as_such()
    {
        await using var docker = fixture.Require();
        var request = await RequestAsync(docker, "FROM atomicdevops/python:3\n");

        (await docker.Expert.BuildImageAsync(request with { Dockerfile = "docker/Dockerfile" }, Cancelled)).Outcome.ShouldBe(ImageBuildOutcome.DockerfileMissing);
        (await docker.Expert.BuildImageAsync(request with { Context = "app" }, Cancelled)).Error.ShouldNotBeNull().ShouldContain("'app'");
        await Should.ThrowAsync<ToolException>(() => docker.Expert.BuildImageAsync(request with { Dockerfile = "../Dockerfile" }, Cancelled));
    }

    [Fact]
    public async Task A_context_below_the_root_with_a_Dockerfile_outside_it_is_built()
    {
        await using var docker = fixture.Require();
        var request = new ImageBuildRequest(
            docker.RunId,
            await docker.WorkspaceAsync(("docker/app.Dockerfile", "FROM atomicdevops/python:3\nCOPY . /app/\nRUN ls -A /app\n"), ("app/mine.txt", "x"), ("other/theirs.txt", "y")))
        {
            Dockerfile = "docker/app.Dockerfile",
            Context = "./app/",
        };

        var result = await docker.Expert.BuildImageAsync(request, Cancelled);

        result.Outcome.ShouldBe(ImageBuildOutcome.Succeeded, result.Error);
        result.Output.ShouldContain("mine.txt");
        result.Output.ShouldNotContain("theirs.txt");
    }

    [Fact]
    public async Task A_build_sees_no_file_that_the_author_does_not_have_and_leaves_no_layer_of_any_stage()
    {
        await using var docker = fixture.Require();
        var label = $"dev.atomicdevops.test={docker.RunId}";
        var dockerfile = $"FROM atomicdevops/python:3 AS first\nLABEL {label}\nRUN touch /made\nFROM atomicdevops/python:3\nLABEL {label}\nCOPY --from=first /made /made\nCOPY . /app/\nRUN ls -A /app && cat /app/Dockerfile\n";
        var request = await RequestAsync(docker, dockerfile, ("kept.txt", "x"));

        var result = await docker.Expert.BuildImageAsync(request, Cancelled);

        result.Outcome.ShouldBe(ImageBuildOutcome.Succeeded, result.Error);
        result.Output.ShouldContain($"\nDockerfile\nkept.txt\n{dockerfile}");
        (await docker.Engine.ListImagesAsync([label], Cancelled)).Count.ShouldBe(2, "the image, and the first stage that it does not stand on");
        await docker.Expert.RemoveRunAsync(new DockerRunReference(docker.RunId), Cancelled);
        (await docker.Engine.ListImagesAsync([label], Cancelled)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_step_has_no_network_and_no_secret_of_the_host()
    {
        Environment.SetEnvironmentVariable("ATOMICDEVOPS_TEST_SECRET", "hidden-value");
        await using var docker = fixture.Require();
        var request = await RequestAsync(docker, "FROM atomicdevops/python:3\nRUN ls /sys/class/net && env && test ! -e /var/run/docker.sock\n");

        var result = await docker.Expert.BuildImageAsync(request, Cancelled);

        result.Outcome.ShouldBe(ImageBuildOutcome.Succeeded, result.Error);
        result.Output.ShouldContain("lo\n");
        result.Output.ShouldNotContain("eth0");
        result.Output.ShouldNotContain("hidden-value");
    }

    [Fact]
    public async Task An_endless_step_is_ended_in_time_and_leaves_nothing()
    {
        await using var docker = fixture.Require();
        Assert.SkipUnless((await docker.Engine.GetTraitsAsync(Cancelled)).ControlsBuildSteps, "Podman's API neither shows nor ends the steps of a build.");
        var request = (await RequestAsync(docker, "FROM atomicdevops/python:3\nRUN echo layer of " + docker.RunId + " > /layer\nRUN echo begun && sleep 600\n")) with
        {
            Limits = new ImageBuildLimits { Timeout = TimeSpan.FromSeconds(8) },
        };
        var before = await NamelessLayersAsync();

        var result = await docker.Expert.BuildImageAsync(request, Cancelled);

        result.Outcome.ShouldBe(ImageBuildOutcome.TimedOut);
        result.FailedStep.ShouldBe("RUN echo begun && sleep 600");
        result.FailedLine.ShouldBe(3);
        result.Output.ShouldContain("begun");
        result.Duration.ShouldBeLessThan(TimeSpan.FromSeconds(30));
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
        (await NamelessLayersAsync()).ShouldBeSubsetOf(before);

        // Layers that carry a run's label belong to a run, perhaps of another test at the same time.
        async Task<IEnumerable<string>> NamelessLayersAsync() =>
            from image in await docker.Engine.ListImagesAsync([], Cancelled)
            where image.RepoTags is null or [] or ["<none>:<none>"] && image.Labels?.ContainsKey("dev.atomicdevops.run") is not true
            select image.Id;
    }

    [Fact]
    public async Task A_step_that_takes_too_much_memory_is_told_as_such()
    {
        await using var docker = fixture.Require();
        Assert.SkipUnless((await docker.Engine.GetTraitsAsync(Cancelled)).ControlsBuildSteps, "Podman's API neither shows nor ends the steps of a build.");
        var request = (await RequestAsync(docker, "FROM atomicdevops/python:3\nRUN python3 -c 'a = bytearray(512 * 1024 * 1024)' || exit 1\n")) with
        {
            Limits = new ImageBuildLimits { MemoryBytes = 64L * 1024 * 1024 },
        };

        var result = await docker.Expert.BuildImageAsync(request, Cancelled);

        result.Outcome.ShouldBe(ImageBuildOutcome.OutOfMemory, result.Error);
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_step_that_prints_without_end_is_bounded()
    {
        await using var docker = fixture.Require();
        var request = (await RequestAsync(docker, "FROM atomicdevops/python:3\nRUN head -c 50000000 /dev/zero | tr '\\\\0' x\n")) with
        {
            Limits = new ImageBuildLimits { OutputBytes = 8192 },
        };

        var result = await docker.Expert.BuildImageAsync(request, Cancelled);

        result.Outcome.ShouldBe(ImageBuildOutcome.Succeeded, result.Error);
        result.OutputBytes.ShouldBeGreaterThan(50_000_000);
        result.Output.Length.ShouldBeLessThan(9000);
    }

    [Fact]
    public async Task Words_of_a_step_that_look_like_the_engines_cannot_make_it_remove_an_image()
    {
        await using var docker = fixture.Require();
        var victim = await docker.Engine.InspectImageAsync(DockerEngineFixture.BaseImage, Cancelled);
        var id = victim.Id["sha256:".Length..][..12];
        var request = await RequestAsync(docker, $"FROM atomicdevops/python:3\nRUN echo ' ---> {id}' && sleep 1 && false\n");

        (await docker.Expert.BuildImageAsync(request, Cancelled)).Outcome.ShouldBe(ImageBuildOutcome.Failed);

        (await docker.Engine.InspectImageAsync(DockerEngineFixture.BaseImage, Cancelled)).Id.ShouldBe(victim.Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_build_that_is_killed_or_cancelled_leaves_nothing(bool cancel)
    {
        await using var docker = fixture.Require();
        Assert.SkipUnless((await docker.Engine.GetTraitsAsync(Cancelled)).ControlsBuildSteps, "Podman's API neither shows nor ends the steps of a build.");
        using var cancellation = new CancellationTokenSource();
        var request = await RequestAsync(docker, "FROM atomicdevops/python:3\nRUN echo begun-to-sleep && sleep 600\n");
        var building = docker.Expert.BuildImageAsync(request, cancellation.Token);
        while (!(await docker.Log.ReadAsync(docker.RunId, "build", 0, Cancelled)).Contains("\nbegun-to-sleep", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancelled);
        }

        (await docker.LeftoversAsync()).Items.Select(item => item.Kind).ShouldBe([DockerResourceKind.BuildContainer, DockerResourceKind.Image], "the step's container and the layer that it stands on");
        if (cancel)
        {
            await cancellation.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => building);
        }
        else
        {
            (await docker.Expert.KillRunAsync(new DockerRunReference(docker.RunId), Cancelled)).Containers.ShouldBe(1);
            (await Should.ThrowAsync<ToolUnavailableException>(() => building)).Message.ShouldContain("killed a step");
        }

        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_build_that_ends_too_late_is_removed_with_its_run_on_any_engine()
    {
        await using var docker = fixture.Require();
        var request = (await RequestAsync(docker, "FROM atomicdevops/python:3\nRUN echo begun && sleep 20\n")) with
        {
            Limits = new ImageBuildLimits { Timeout = TimeSpan.FromSeconds(5) },
        };

        var result = await docker.Expert.BuildImageAsync(request, Cancelled);

        result.Outcome.ShouldBe(ImageBuildOutcome.TimedOut);
        result.FailedLine.ShouldBe(2);
        await docker.Expert.RemoveRunAsync(new DockerRunReference(docker.RunId), Cancelled);
        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_failing_step_of_a_later_stage_is_told_by_its_line()
    {
        await using var docker = fixture.Require();
        var request = await RequestAsync(docker, "ARG BASE=atomicdevops/python:3\nFROM $BASE AS first\nRUN touch /made\n\nFROM $BASE\nCOPY --from=first /made /made\nRUN false\n");

        var result = await docker.Expert.BuildImageAsync(request, Cancelled);

        result.Outcome.ShouldBe(ImageBuildOutcome.Failed, result.Error);
        result.FailedStep.ShouldBe("RUN false");
        result.FailedLine.ShouldBe(7, result.Output);
    }

    [Fact]
    public async Task An_image_that_is_there_is_not_pulled_and_one_that_is_nowhere_is_told()
    {
        await using var docker = fixture.Require();

        var image = await docker.Expert.EnsureImageAsync(new EnsureImageRequest(DockerEngineFixture.BaseImage), Cancelled);
        image.Pulled.ShouldBeFalse();
        image.SizeBytes.ShouldBeGreaterThan(0);

        await Should.ThrowAsync<ToolUnavailableException>(() => docker.Expert.EnsureImageAsync(new EnsureImageRequest("localhost:1/no/such:1"), Cancelled));
    }

    [Fact]
    public async Task Everything_of_a_run_is_removed_and_nothing_of_another()
    {
        await using var docker = fixture.Require();
        await using var other = fixture.Require();
        foreach (var services in new[] { docker, other })
        {
            var labels = new Dictionary<string, string>(StringComparer.Ordinal) { [DockerLabels.Run] = RunName.Of(services.RunId) };
            await docker.Engine.CreateVolumeAsync($"volume-{RunName.Of(services.RunId)}", labels, Cancelled);
            await docker.Engine.CreateContainerAsync(
                $"container-{RunName.Of(services.RunId)}",
                new ContainerConfiguration { Image = DockerEngineFixture.BaseImage, Cmd = ["true"], Labels = labels, HostConfig = new ContainerHostConfiguration { NetworkMode = "none" } },
                Cancelled);
        }

        (await docker.Expert.RemoveRunAsync(new DockerRunReference(docker.RunId), Cancelled)).ShouldBe(new DockerRunRemoval(1, 1, 0, 0));

        (await docker.LeftoversAsync()).Items.ShouldBeEmpty();
        (await other.LeftoversAsync()).Items.Count.ShouldBe(2);
    }

    [Fact]
    public async Task The_probes_tell_the_version()
    {
        await using var docker = fixture.Require();
        foreach (var probe in docker.Get<IEnumerable<IAgentProbe>>())
        {
            var result = await probe.ProbeAsync(Cancelled);
            result.Health.ShouldBeOneOf(AgentHealth.Healthy, AgentHealth.Degraded);
            result.Detail.ShouldContain("API 1.");
        }
    }

    private static async Task<ImageBuildRequest> RequestAsync(DockerServices docker, string dockerfile, params (string Path, string Content)[] files) =>
        new(docker.RunId, await docker.WorkspaceAsync([("Dockerfile", dockerfile), .. files]));
}
