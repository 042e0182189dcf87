namespace Berth.Server.Http;

/// <summary>
/// A whole request body. All code that needs one reads it through this. The caller names the limit and the error above it. Memory is taken
/// as bytes arrive, not as they are announced. <see cref="Dispose"/> gives back that of a large body.
/// </summary>
internal sealed class ReceivedBody : IDisposable
{
    private const int PieceSize = 16 * 1024;

    /// <summary>Larger bodies wait in a file and take turns.</summary>
    private const int Small = 4 * PieceSize;

    private readonly IDisposable? _memory;

    private ReceivedBody(byte[] content, IDisposable? memory) => (Content, _memory) = (content, memory);

    public byte[] Content { get; }

    /// <exception cref="ApiException">The given error, for a body with more bytes than the limit.</exception>
    public static async Task<ReceivedBody> ReadAsync(
        HttpRequest request, long limit, ApiError tooLarge, CancellationToken cancellationToken)
    {
        using var start = new MemoryStream(capacity: (int)Math.Min(request.ContentLength ?? PieceSize, Small));
        FileStream? file = null;
        try
        {
            var piece = new byte[PieceSize];
            var length = 0L;
            int read;
            while ((read = await request.Body.ReadAsync(piece, cancellationToken)) > 0)
            {
                length += read;
                if (length > limit)
                {
                    throw new ApiException(tooLarge);
                }

                if (file is null && length > Small)
                {
                    file = Bodies(request).OpenFile();
                    await file.WriteAsync(start.GetBuffer().AsMemory(0, (int)start.Length), cancellationToken);
                }

                await ((Stream?)file ?? start).WriteAsync(piece.AsMemory(0, read), cancellationToken);
            }

            return file is not null ? await TakeAsync(Bodies(request), file, cancellationToken)
                : new ReceivedBody(start.Length == start.Capacity ? start.GetBuffer() : start.ToArray(), null);
        }
        finally
        {
            if (file is not null)
            {
                await file.DisposeAsync();
            }
        }
    }

    public void Dispose() => _memory?.Dispose();

    private static async Task<ReceivedBody> TakeAsync(LargeBodies bodies, FileStream file, CancellationToken cancellationToken)
    {
        var memory = await bodies.TakeMemoryAsync(file.Length, cancellationToken);
        try
        {
            var content = GC.AllocateUninitializedArray<byte>((int)file.Length);
            file.Position = 0;
            await file.ReadExactlyAsync(content, cancellationToken);
            return new ReceivedBody(content, memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private static LargeBodies Bodies(HttpRequest request) => request.HttpContext.RequestServices.GetRequiredService<LargeBodies>();
}
