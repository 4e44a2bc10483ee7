namespace AtomicDevOps.Activities.Tools.Http;

/// <summary>One request on its way to a service: how it is sent, and what the service's answers to it mean.</summary>
internal interface IHttpCall
{
    /// <summary>What is asked, for messages; without secrets.</summary>
    string Name { get; }

    /// <summary>Where the next message goes.</summary>
    Uri Address { get; }

    Repetition Repetition { get; }

    /// <summary>Whether the answer's content is taken into memory, within the client's limit, or left for its reader.</summary>
    HttpCompletionOption Completion => HttpCompletionOption.ResponseContentRead;

    /// <summary>Gets what grows old while limits are waited for, such as a token.</summary>
    Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A new message, as often as it has to be sent.</summary>
    HttpRequestMessage CreateMessage();

    Task<AnswerVerdict> JudgeAsync(HttpResponseMessage response, CancellationToken cancellationToken);
}

/// <summary>When a request may be sent again although an answer to it may have been lost.</summary>
internal enum Repetition
{
    /// <summary>Sending it twice does more than sending it once.</summary>
    Never,

    /// <summary>Not while the service may still be at work on it.</summary>
    UnlessLate,

    Always,
}

internal enum AnswerMeaning
{
    /// <summary>It is what was asked for, or for the caller to judge.</summary>
    Taken,

    /// <summary>The service wants to be left alone, and then to be asked again.</summary>
    Limited,

    /// <summary>The call has changed, and is to be sent again.</summary>
    AskAgain,

    Refused,
}

internal sealed record AnswerVerdict(AnswerMeaning Meaning)
{
    public static AnswerVerdict Taken { get; } = new(AnswerMeaning.Taken);

    public static AnswerVerdict AskAgain { get; } = new(AnswerMeaning.AskAgain);

    /// <summary>How long the service wants to be left alone from now on, where it said so.</summary>
    public TimeSpan? Pause { get; init; }

    /// <summary>What a refusal comes to.</summary>
    public ToolException? Failure { get; private init; }

    /// <param name="pause">Null where the service did not say how long.</param>
    public static AnswerVerdict Limited(TimeSpan? pause) => new(AnswerMeaning.Limited) { Pause = pause };

    public static AnswerVerdict Refused(ToolException failure) => new(AnswerMeaning.Refused) { Failure = failure };
}
