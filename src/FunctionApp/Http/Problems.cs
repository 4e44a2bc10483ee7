namespace AtomicDevOps.FunctionApp.Http;

/// <summary>The one shape of errors over HTTP (RFC 9457): what was wrong, where, and what would be right.</summary>
internal static class Problems
{
    public static IResult BadRequest(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status400BadRequest, title: "Bad request");

    public static IResult Unauthorized(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status401Unauthorized, title: "Unauthorized");

    public static IResult NotFound(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status404NotFound, title: "Not found");

    public static IResult Conflict(string detail) => Results.Problem(detail, statusCode: StatusCodes.Status409Conflict, title: "Conflict");

    public static IResult TooLarge(long limit) => Results.Problem(
        $"The body is larger than the {limit} bytes that are read.", statusCode: StatusCodes.Status413PayloadTooLarge, title: "Payload too large");

    public static IResult Unavailable(string detail) => Results.Problem(
        detail, statusCode: StatusCodes.Status503ServiceUnavailable, title: "Service unavailable");
}
