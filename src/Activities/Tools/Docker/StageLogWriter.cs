using System.Text;
using System.Threading.Channels;
using AtomicDevOps.Activities.Tools.Logs;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>Hands output to the stage's log in the background, a few times a second and only so much of it, so that a chatty command neither waits for the log nor fills it.</summary>
internal sealed class StageLogWriter : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly IStageLog _log;
    private readonly string _runId;
    private readonly string _stage;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly Channel<string> _pending = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _ending = new();
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly Task _pump;
    private int _left;
    private bool _isWithinLine;

    /// <param name="limit">How many characters are handed on.</param>
    public StageLogWriter(IStageLog log, string runId, string stage, int limit, TimeProvider timeProvider, ILogger logger)
    {
        _log = log;
        _runId = runId;
        _stage = stage;
        _left = limit;
        _timeProvider = timeProvider;
        _logger = logger;
        _pump = Task.Run(PumpAsync);
    }

    public void Append(ReadOnlySpan<byte> utf8)
    {
        if (_left == 0)
        {
            return;
        }

        var characters = new char[_decoder.GetCharCount(utf8, flush: false)];
        Append(new string(characters, 0, _decoder.GetChars(utf8, characters, flush: false)));
    }

    public void Append(string text)
    {
        if (_left == 0 || text.Length == 0)
        {
            return;
        }

        if (text.Length <= _left)
        {
            _left -= text.Length;
            _isWithinLine = text[^1] is not '\n';
            _pending.Writer.TryWrite(text);
            return;
        }

        _pending.Writer.TryWrite($"{text.AsSpan(0, _left)}\n[… the rest of the output is not followed …]\n");
        _left = 0;
        _isWithinLine = false;
    }

    public async ValueTask DisposeAsync()
    {
        // The log holds a line back until it ends, and other instances would never see the last one.
        if (_isWithinLine)
        {
            _pending.Writer.TryWrite("\n");
        }

        _pending.Writer.TryComplete();
        await _ending.CancelAsync();
        await _pump;
        _ending.Dispose();
    }

    private async Task PumpAsync()
    {
        var batch = new StringBuilder();
        while (await _pending.Reader.WaitToReadAsync())
        {
            while (_pending.Reader.TryRead(out var text))
            {
                batch.Append(text);
            }

            try
            {
                await _log.AppendAsync(_runId, _stage, batch.ToString(), CancellationToken.None);
            }
            catch (Exception exception) when (exception is ToolException or IOException or UnauthorizedAccessException)
            {
                _logger.LogWarning(exception, "The log of stage {Stage} of run {RunId} lost some output.", _stage, _runId);
            }

            batch.Clear();
            await Task.Delay(Interval, _timeProvider, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
