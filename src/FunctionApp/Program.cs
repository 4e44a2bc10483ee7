Console.WriteLine("FunctionApp");
